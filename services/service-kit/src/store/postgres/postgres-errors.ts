import { Problem, problems } from '../../problem';
import { MigrationRefused } from '../migrations';
import { UniqueViolation } from '../store';

/** Waiting for a connection or an answer took longer than the request's deadline. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';

  /** @param busy - the pool was busy, rather than the server silent */
  constructor(readonly busy: boolean) {
    super(busy ? 'All database connections stayed busy' : 'The database did not answer in time');
  }
}

/** The type of a column has changed since the statement was prepared (feature_not_supported): only another connection can prepare it anew. */
export function isStalePlan(error: unknown): boolean {
  return (error as { code?: string }).code === '0A000';
}

/** What an error of the driver or the server means to the service: a problem with a status, or the error itself when it is a bug. */
export function translatePostgresError(error: unknown): unknown {
  if (error instanceof Problem || error instanceof UniqueViolation) return error;
  if (error instanceof DeadlineExceeded) return error.busy ? overloaded(error) : unavailable(error);
  const code = (error as { code?: unknown }).code;
  if (typeof code !== 'string') return isConnectionLoss(error) ? unavailable(error) : error;
  if (code === '23505') return new UniqueViolation('A unique key is taken', { cause: error });
  if (code === '53100') return new Problem(problems.insufficientStorage, 'The disk of the database is full: the request was not carried out', { cause: error });
  // Lock not available, statement timeout, deadlock, serialization: the server works, this request met a crowd.
  if (['55P03', '57014', '40P01', '40001'].includes(code) || isStalePlan(error)) return overloaded(error);
  // Class 08 connection, 53 resources, 57 operator intervention, 28 authorization, 3D no such database; 25006 a standby; 42P01 not migrated yet.
  if (/^(08|53|57|58|28|3D|XX)/.test(code) || code === '25006' || code === '42P01' || /^E[A-Z]+$/.test(code)) return unavailable(error);
  return error;
}

/**
 * Finds a fault that waiting can't heal.
 *
 * @returns the error to stop with, or `undefined`
 */
export function permanentFault(error: unknown): MigrationRefused | undefined {
  const message = (error as Error).message;
  if (/unsupported startup parameter/i.test(message)) {
    return new MigrationRefused('A connection pooler (PgBouncer) stands before the database, which is not supported: point DATABASE_URL to PostgreSQL itself', {
      cause: error,
    });
  }
  return error instanceof MigrationRefused ? error : undefined;
}

function unavailable(cause: unknown): Problem {
  return new Problem(problems.databaseUnavailable, "The database can't be reached now: try again", { cause });
}

function overloaded(cause: unknown): Problem {
  return new Problem(problems.overloaded, 'The database is busy: try again', { cause });
}

function isConnectionLoss(error: unknown): boolean {
  return /connection|terminat|timeout|closed|not queryable/i.test((error as Error).message);
}

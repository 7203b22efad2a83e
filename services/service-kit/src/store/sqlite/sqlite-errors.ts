import { Problem, problems } from '../../problem';
import { UniqueViolation } from '../store';

/** What a SQLite error means to the service: a problem with a status, or the error itself when it is a bug. */
export function translateSqliteError(error: unknown): unknown {
  const code = (error as { code?: unknown }).code;
  if (typeof code !== 'string' || !code.startsWith('SQLITE_')) return error;
  if (code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY') return new UniqueViolation('A unique key is taken', { cause: error });
  if (isDiskFull(code)) return new Problem(problems.insufficientStorage, 'The disk of the database is full: the request was not carried out', { cause: error });
  if (/^SQLITE_(BUSY|LOCKED|IOERR|CANTOPEN|READONLY|PROTOCOL|NOMEM)/.test(code)) {
    return new Problem(problems.databaseUnavailable, "The database can't be used now: try again", { cause: error });
  }
  return error;
}

/** A write-ahead log that can't grow fails as an I/O error of the write, the file itself as FULL. */
function isDiskFull(code: string): boolean {
  return code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_WRITE' || code === 'SQLITE_IOERR_SHMSIZE';
}

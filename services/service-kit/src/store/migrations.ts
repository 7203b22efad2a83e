import { createHash } from 'node:crypto';
import { schemaTables } from './schema-tables';
import type { Store } from './store';

/**
 * One step of a schema, written for both stores. Once released it never changes: its checksum is kept in the database.
 * It must leave the release before it working (expand now, contract in a later release).
 */
export interface Migration {
  /** 1, 2, 3, … without gaps. */
  readonly version: number;
  /** A few words, such as `create users`. */
  readonly name: string;
  readonly sqlite: string;
  readonly postgres: string;
}

/** The database and the release do not belong together. The message says what to do; the process should exit with 78. */
export class MigrationRefused extends Error {
  override readonly name = 'MigrationRefused';
}

/** A migration's own SQL failed: nothing of it was kept. */
export class MigrationFailed extends Error {
  override readonly name = 'MigrationFailed';
  /** The store's own code. */
  readonly code: string | undefined;

  constructor({ version, name }: Migration, cause: unknown) {
    super(`Migration ${version} (${name}) failed and nothing of it was kept: ${(cause as Error).message}`, { cause });
    this.code = (cause as { code?: string }).code;
  }
}

/** Runs SQL inside a migration's transaction. */
export interface MigrationSession {
  /** Several statements without values. */
  execute(sql: string): Promise<void>;
  query(sql: string, parameters: readonly unknown[]): Promise<readonly unknown[]>;
}

/** A database that can be migrated. */
export interface MigrationTarget {
  readonly dialect: Store['dialect'];
  /** Runs work in one transaction while no other migrator runs; rolls back when it throws. */
  transaction<T>(work: (session: MigrationSession) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/**
 * Applies the missing migrations, each in a transaction of its own. Several processes may do this at once: each migration is applied by one.
 * Migrations newer than this release's are left alone.
 *
 * @param service - its name is kept with each migration, so that no service takes another's database
 * @returns the versions that this call applied
 * @throws MigrationRefused when an applied migration was edited or the database is another service's
 */
export async function migrate(target: MigrationTarget, service: string, migrations: readonly Migration[]): Promise<readonly number[]> {
  const applied: number[] = [];
  for (;;) {
    const version = await target.transaction((session) => applyNext(session, target.dialect, service, migrations));
    if (version === undefined) return applied;
    applied.push(version);
  }
}

/**
 * Looks whether a database is this service's, and unedited. Changes nothing, so that a role without rights on the schema may do it; a
 * database that was never migrated is nobody's yet.
 *
 * @throws MigrationRefused as {@link migrate}
 */
export async function inspect(target: MigrationTarget, service: string, migrations: readonly Migration[]): Promise<void> {
  try {
    await target.transaction((session) => readApplied(session, target.dialect, service, migrations));
  } catch (error) {
    const undefinedTable = '42P01';
    if ((error as { code?: string }).code !== undefinedTable) throw error;
  }
}

async function applyNext(session: MigrationSession, dialect: Store['dialect'], service: string, migrations: readonly Migration[]): Promise<number | undefined> {
  await session.execute(schemaTables[dialect]);
  const rows = await readApplied(session, dialect, service, migrations);
  const newest = rows.at(-1)?.version ?? 0;
  const next = migrations.find(({ version }) => version > newest);
  if (!next) return undefined;
  await session.execute(next[dialect]).catch((cause: unknown) => {
    throw new MigrationFailed(next, cause);
  });
  const placeholders = dialect === 'sqlite' ? '?, ?, ?, ?, ?' : '$1, $2, $3, $4, $5';
  await session.query(`INSERT INTO schema_migrations (version, service, name, checksum, applied_at) VALUES (${placeholders})`, [
    next.version,
    service,
    next.name,
    checksumOf(next, dialect),
    new Date().toISOString(),
  ]);
  return next.version;
}

async function readApplied(
  session: MigrationSession,
  dialect: Store['dialect'],
  service: string,
  migrations: readonly Migration[],
): Promise<readonly AppliedRow[]> {
  const rows = (await session.query('SELECT version, service, checksum FROM schema_migrations ORDER BY version', [])) as readonly AppliedRow[];
  for (const row of rows) assertOurs(row, service, migrations, dialect);
  return rows;
}

interface AppliedRow {
  readonly version: number;
  readonly service: string;
  readonly checksum: string;
}

function assertOurs(row: AppliedRow, service: string, migrations: readonly Migration[], dialect: Store['dialect']): void {
  if (row.service !== service) {
    throw new MigrationRefused(`The database belongs to ${row.service}, not to ${service}: point ${service} to a database of its own`);
  }
  const ours = migrations.find(({ version }) => version === row.version);
  if (ours && checksumOf(ours, dialect) !== row.checksum) {
    throw new MigrationRefused(
      `Migration ${row.version} (${ours.name}) was edited after it was applied: restore its text and put the change into a new migration`,
    );
  }
}

/** SHA-256 of a migration's SQL for one store. */
export function checksumOf(migration: Migration, dialect: Store['dialect']): string {
  return createHash('sha256').update(migration[dialect]).digest('hex');
}

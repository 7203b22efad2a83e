import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Client } from 'pg';
import { type PostgresServer, startPostgres } from './postgres-server';

/** The two services. */
export type ServiceName = 'user-service' | 'order-service';

/** The two stores. */
export type StoreKind = 'sqlite' | 'postgres';

/** Fresh databases of one kind of store, for services under test. */
export interface Databases {
  readonly kind: StoreKind;
  /** The server, on PostgreSQL. */
  readonly server: PostgresServer | undefined;
  /** Makes a new empty database and gives the environment that puts the service on it. */
  fresh(service: ServiceName): Promise<Record<string, string>>;
  /** Runs one statement on the database of such an environment, past the service. */
  query(env: Readonly<Record<string, string>>, sql: string): Promise<Record<string, unknown>[]>;
  /** A connection of the test's own to such a database, to hold locks with. @throws Error on SQLite. */
  session(env: Readonly<Record<string, string>>): Promise<Client>;
  /** Removes all of them. */
  dispose(): Promise<void>;
}

/** @param kind With `postgres`, a server is started for these databases alone. */
export async function openDatabases(kind: StoreKind): Promise<Databases> {
  return kind === 'sqlite' ? sqliteDatabases() : postgresDatabases();
}

/** The SQLite file of a service's environment. @throws Error when the environment names none. */
export function sqlitePath(env: Readonly<Record<string, string>>): string {
  const path = env['USER_DB_PATH'] ?? env['ORDER_DB_PATH'];
  if (path === undefined) throw new Error('this environment names no SQLite file');
  return path;
}

async function sqliteDatabases(): Promise<Databases> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-sqlite-'));
  let count = 0;
  return {
    kind: 'sqlite',
    server: undefined,
    fresh: (service) => Promise.resolve({ [service === 'user-service' ? 'USER_DB_PATH' : 'ORDER_DB_PATH']: join(folder, `${service}-${++count}.db`) }),
    query: (env, sql) => Promise.resolve(querySqlite(sqlitePath(env), sql)),
    session: () => Promise.reject(new Error('sessions are for PostgreSQL')),
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
}

function querySqlite(path: string, sql: string): Record<string, unknown>[] {
  const database = new Database(path, { timeout: 5_000 });
  try {
    const statement = database.prepare<[], Record<string, unknown>>(sql);
    if (statement.reader) return statement.all();
    statement.run();
    return [];
  } finally {
    database.close();
  }
}

async function postgresDatabases(): Promise<Databases> {
  const server = await startPostgres();
  return {
    kind: 'postgres',
    server,
    fresh: async () => ({ DATABASE_URL: await server.createDatabase() }),
    query: (env, sql) => server.query(sql, env['DATABASE_URL']),
    session: (env) => openSession(env['DATABASE_URL']),
    dispose: () => server.dispose(),
  };
}

async function openSession(url: string | undefined): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

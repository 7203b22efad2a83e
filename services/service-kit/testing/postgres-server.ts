import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, readdirSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { freePort } from './free-ports';
import { ended, isProgram } from './programs';

const run = promisify(execFile);

/** Sentence for a test that needs PostgreSQL and doesn't find it. */
export const postgresMissing = 'needs PostgreSQL 15 or newer: put its server binaries on PATH or name their folder in TEST_POSTGRES_BIN';

/** Settings of {@link startPostgres}. */
export interface PostgresOptions {
  /** Server settings (`name: value` of postgresql.conf), laid over the tests' own. @default {} */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A real PostgreSQL server of the test's own, in a temporary folder, on 127.0.0.1. */
export interface PostgresServer {
  /** Superuser's URL of the database `postgres`. */
  readonly adminUrl: string;
  /** TCP port; stays the same over {@link stop} and {@link start}. */
  readonly port: number;
  /** Temporary folder that everything of this server lies in, owned by the server's user. */
  readonly folder: string;
  /** User and group the server runs as when the test is root; unset otherwise. */
  readonly owner: UnixUser | undefined;
  /** Makes an empty database and gives its URL. @param name Made up when left out. @param clauses More of `CREATE DATABASE`. */
  createDatabase(name?: string, clauses?: string): Promise<string>;
  /** Runs one statement as superuser. @param url Which database. @default {@link adminUrl} */
  query(sql: string, url?: string): Promise<Record<string, unknown>[]>;
  /** Ends the server: `fast` cuts its clients and shuts down cleanly, `immediate` is a crash. @default 'fast' */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  /** Starts it again, after {@link stop}, and waits until it answers; nothing to do when it runs. */
  start(): Promise<void>;
  /** SIGSTOP to all its processes: it accepts connections (the kernel does) and is silent. */
  pause(): Promise<void>;
  /** SIGCONT, after {@link pause}. */
  resume(): Promise<void>;
  /** Ends it for good and removes its folder. Also happens by itself when the test's process dies. */
  dispose(): Promise<void>;
}

/** A numeric user and its group. */
export interface UnixUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Folder with PostgreSQL's server binaries: `TEST_POSTGRES_BIN`, else the newest of
 * `/usr/lib/postgresql/<version>/bin` (Debian), else PATH; undefined where there is none.
 */
export function findPostgres(): string | undefined {
  const named = process.env['TEST_POSTGRES_BIN'];
  const folders = named ? [named] : [...debianFolders(), ...(process.env['PATH'] ?? '').split(delimiter)];
  return folders.find((folder) => isProgram(join(folder, 'postgres')) && isProgram(join(folder, 'initdb')));
}

/**
 * Initialises and starts a server of the test's own, as an unprivileged user when the test is root.
 * @throws Error when there is no PostgreSQL, or it doesn't answer within 30 s (with the server's log).
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const bin = findPostgres();
  if (bin === undefined) throw new Error(postgresMissing);
  const owner = await unprivilegedUser();
  const folder = await mkdtemp(join(tmpdir(), 'berth-pg-'));
  if (owner) chownSync(folder, owner.uid, owner.gid);
  const data = join(folder, 'data');
  const watchdog = spawn('sh', ['-c', watchdogScript, 'watchdog', folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const password = randomBytes(9).toString('hex');
  await initialise(bin, folder, password, owner);
  const port = await freePort();
  const adminUrl = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  const settings = { ...testSettings, ...options.settings, port: String(port), unix_socket_directories: folder };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  let server: ChildProcess | undefined;

  const query = (sql: string, url = adminUrl) => withClient(url, async (client) => (await client.query<Record<string, unknown>>(sql)).rows);
  const signalAll = async (signal: NodeJS.Signals) => {
    if (server?.pid === undefined) return;
    signalIfAlive(server.pid, signal);
    for (const pid of await childrenOf(server.pid)) signalIfAlive(pid, signal);
  };
  const self: PostgresServer = {
    adminUrl,
    port,
    folder,
    owner,
    query,
    createDatabase: async (name = `t_${randomBytes(6).toString('hex')}`, clauses = '') => {
      await query(`CREATE DATABASE "${name}" ${clauses}`);
      return adminUrl.replace(/\/postgres$/, `/${name}`);
    },
    stop: async (mode = 'fast') => {
      if (server) await ended(server, mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
      server = undefined;
    },
    start: async () => {
      if (server) return;
      server = spawn(join(bin, 'postgres'), ['-D', data, ...flags], { ...owner, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
      await answering(server, adminUrl);
    },
    pause: () => signalAll('SIGSTOP'),
    resume: () => signalAll('SIGCONT'),
    dispose: async () => {
      await self.resume();
      await self.stop('immediate');
      watchdog.stdin.end();
      if (watchdog.exitCode === null) await new Promise((resolve) => watchdog.once('exit', resolve));
    },
  };
  await self.start();
  return self;
}

/** Enough connections for several services at once; the rest is the server's default, durability above all. */
const testSettings = { listen_addresses: '127.0.0.1', max_connections: '200', log_min_messages: 'fatal' };

/**
 * Waits until its stdin closes, which the kernel does when the test's process dies in whatever way,
 * then ends the server whose folder is $1, stopped processes included, and removes the folder.
 */
const watchdogScript = `
trap '' INT TERM HUP
cat >/dev/null
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ]; then
  for each in "$pid" $(pgrep -P "$pid"); do kill -CONT "$each"; done
  kill -QUIT "$pid"
  for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$pid" || break; sleep 0.3; done
fi
rm -rf "$1"`;

function debianFolders(): string[] {
  const root = '/usr/lib/postgresql';
  try {
    const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(root, version, 'bin'));
  } catch {
    return [];
  }
}

/** PostgreSQL refuses to run as root: Debian's `postgres`, else `nobody`. */
async function unprivilegedUser(): Promise<UnixUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const ids = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]).catch(() => undefined);
    if (ids) return { uid: Number(ids[0].stdout), gid: Number(ids[1].stdout) };
  }
  throw new Error('PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody');
}

async function initialise(bin: string, folder: string, password: string, owner?: UnixUser): Promise<void> {
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, password, { mode: 0o644 });
  const flags = ['-U', 'postgres', '--pwfile', passwordFile, '-A', 'scram-sha-256', '-E', 'UTF8', '--locale', 'C', '--no-sync'];
  await run(join(bin, 'initdb'), ['-D', join(folder, 'data'), ...flags], { ...owner, cwd: folder });
}

async function answering(server: ChildProcess, url: string): Promise<void> {
  let log = '';
  server.stdout?.on('data', (text: Buffer) => (log += text.toString()));
  server.stderr?.on('data', (text: Buffer) => (log += text.toString()));
  const giveUpAt = Date.now() + 30_000;
  for (;;) {
    if (await withClient(url, () => Promise.resolve(true)).catch(() => false)) return;
    if (server.exitCode !== null || Date.now() > giveUpAt) throw new Error(`PostgreSQL didn't start:\n${log}`);
    await sleep(50);
  }
}

async function withClient<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Asked for after the postmaster has its signal: stopped, it can start no process that would be missed. */
async function childrenOf(pid: number): Promise<number[]> {
  const children = await run('pgrep', ['-P', String(pid)]).catch(() => ({ stdout: '' }));
  return children.stdout.split('\n').filter(Boolean).map(Number);
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

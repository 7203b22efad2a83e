import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { ServiceName } from '../services/service-kit/testing/databases';
import { freePort } from '../services/service-kit/testing/free-ports';
import { eventually } from '../services/service-kit/testing/load-client';
import { bundleOf } from '../services/service-kit/testing/service-process';

const run = promisify(execFile);
const root = resolve(__dirname, '..');

/** The table of each service's rows, and what its definition is called. */
const parts = {
  'user-service': { table: 'users', definition: 'userServiceDefinition' },
  'order-service': { table: 'orders', definition: 'orderServiceDefinition' },
} as const;

/** What the next release does to the schema. */
export interface NextSchema {
  /** SQL of its migration, for either store. */
  readonly migration: string;
  /** Whether it fills the new column `note` of each row that it makes. */
  readonly writesNote: boolean;
}

/** A column more, that may be empty: what every release may do. */
export function expanding(name: ServiceName): NextSchema {
  return { migration: `ALTER TABLE ${parts[name].table} ADD COLUMN note text`, writesNote: true };
}

/** A column gone under the release before: what no release may do. */
export function breaking(name: ServiceName): NextSchema {
  return { migration: `ALTER TABLE ${parts[name].table} RENAME COLUMN updated_at TO changed_at`, writesNote: false };
}

/** A bundled release of a service that is not this working copy's. */
export interface Release {
  readonly bundle: string;
  /** The schema version that it leads to and needs. */
  readonly schema: number;
  remove(): void;
}

/** Builds the release after this one: its source is this one's with one migration more, which it needs. */
export async function buildNextRelease(name: ServiceName, schema: NextSchema): Promise<Release> {
  const folder = join(dirname(bundleOf(name)), `next-release-${process.pid}-${Math.random().toString(36).slice(2)}`);
  mkdirSync(folder, { recursive: true });
  const bundle = join(folder, 'main.js');
  const options = { stdin: { contents: sourceOf(name, schema), resolveDir: join(root, 'services', name, 'src'), loader: 'ts' }, outfile: bundle };
  const script = `
    import { build } from 'esbuild';
    import { buildOptions } from './scripts/build.mjs';
    const { entryPoints: _, ...shared } = buildOptions(${JSON.stringify(name)});
    await build({ ...shared, ...${JSON.stringify(options)} });`;
  await run(process.execPath, ['--input-type=module', '-e', script], { cwd: root });
  const { stdout } = await run(process.execPath, ['-p', `require(${JSON.stringify(join(root, 'services', name, 'dist/service.json'))}).store.schema`]);
  return { bundle, schema: Number(stdout) + 1, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function sourceOf(name: ServiceName, { migration, writesNote }: NextSchema): string {
  const { table, definition } = parts[name];
  return `
    import '@berth/service-kit/node-version';
    import { main, type Store } from '@berth/service-kit';
    import { ${definition} as released } from './app';

    const schema = released.declaration.store.schema + 1;
    const added = { version: schema, name: 'of the next release', sqlite: ${JSON.stringify(migration)}, postgres: ${JSON.stringify(migration)} };
    const next = {
      ...released,
      declaration: { ...released.declaration, store: { ...released.declaration.store, schema, schemaMinimum: schema } },
      migrations: [...released.migrations, added],
      create: (parts: any) => released.create({ ...parts, store: ${writesNote} ? noting(parts.store) : parts.store }),
    };

    function noting(store: Store): Store {
      const place = store.dialect === 'sqlite' ? '?' : '$1';
      const note = (id: number) => ({
        query: { label: '${table}.note', sql: "UPDATE ${table} SET note = 'next' WHERE id = " + place, parameters: [id] },
        rows: 1,
        otherwise: () => { throw new Error('no row for the note'); },
      });
      const write = (job: any) =>
        store.write(job.query.label === '${table}.insert' ? { ...job, alongside: (row: any) => [...(job.alongside?.(row) ?? []), note(row.id)] } : job);
      return { ...store, write } as Store;
    }

    void main(next as any, process);`;
}

/** A process of some release. */
export interface ReleaseProcess {
  readonly url: string;
  /** Answer of `/health/ready`. */
  ready(): Promise<{ readonly status: number; readonly text: string }>;
  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null>;
}

/** Starts a release on a free port and waits until it answers; unless told otherwise also until it is ready. */
export async function startRelease(bundle: string, env: Readonly<Record<string, string>>, { waitReady = true } = {}): Promise<ReleaseProcess> {
  const port = await freePort();
  const child = spawn(process.execPath, [bundle], {
    env: { PATH: process.env['PATH'], HOST: '127.0.0.1', LOG_LEVEL: 'warn', ...env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const url = `http://127.0.0.1:${port}`;
  const ready = async () => {
    const answer = await fetch(`${url}/health/ready`);
    return { status: answer.status, text: await answer.text() };
  };
  await eventually(`${bundle} ${waitReady ? 'is ready' : 'answers'}: ${said}`, 20_000, async () => {
    if (child.exitCode !== null) throw new Error(said);
    return !waitReady || (await ready()).status === 200 ? ready().then(() => true) : false;
  }).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw new Error(`${String(error)}\n${said}`);
  });
  return {
    url,
    ready,
    stop: async () => {
      if (child.exitCode !== null) return child.exitCode;
      const ended = once(child, 'exit') as Promise<[number | null]>;
      child.kill('SIGTERM');
      return (await ended)[0];
    },
  };
}

/** Runs `main.js migrate`. @throws Error with what it said when it fails */
export async function migrate(bundle: string, env: Readonly<Record<string, string>>): Promise<void> {
  await run(process.execPath, [bundle, 'migrate'], { env: { PATH: process.env['PATH'], ...env } });
}

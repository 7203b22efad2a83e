// Bundles the services, the controls and the benchmark itself, then runs the benchmark away from the core that it measures.
//   npm run bench -- [--quick] [--write] [--only NAME]...
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildOptions, buildServices } from '../scripts/build.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const programs = join(here, '.work', 'programs');
const subjects = join(here, 'subjects');

/** Bundled like a service; what holds compiled code or compiles at run time stays outside. */
function bundle(folder, file) {
  const entry = join(here, folder, file);
  const options = { ...buildOptions('order-service'), entryPoints: [entry], outfile: join(programs, file.replace(/\.ts$/, '.js')) };
  return build(folder === 'subjects' ? options : { ...options, external: [...options.external, 'fastify', 'pg', 'pino', 'prom-client'] });
}

const entriesOf = (folder) => readdirSync(join(here, folder)).filter((file) => file.endsWith('.control.ts') || file.endsWith('.subject.ts'));
await buildServices();
await Promise.all([
  bundle('src', 'main.ts'),
  ...entriesOf('controls').map((file) => bundle('controls', file)),
  ...(existsSync(subjects) ? entriesOf('subjects').map((file) => bundle('subjects', file)) : []),
]);

// Server under test on core 0; load generator, PostgreSQL and peers on core 1.
const canPin = cpus().length > 1 && spawnSync('taskset', ['-c', '1', 'true']).status === 0;
const command = [process.execPath, join(programs, 'main.js'), ...process.argv.slice(2)];
const [program, ...rest] = canPin ? ['taskset', '-c', '1', ...command] : command;
const child = spawn(program, rest, { stdio: 'inherit', env: { ...process.env, BENCH_FOLDER: here, BENCH_PINNED: canPin ? '1' : '' } });
// Ctrl-C reaches the whole group: the child cleans up, this process waits for it.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code) => (process.exitCode = code ?? 1));

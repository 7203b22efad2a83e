import { globSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const bench = process.env['BENCH_FOLDER'] ?? process.cwd();
const work = join(bench, '.work');
let runFolder: string | undefined;

/** Where things lie. Everything that a run writes, but its results, is below `.work`, which git ignores. */
export const places = {
  bench,
  root: dirname(bench),
  work,
  programs: join(work, 'programs'),
  /** Of a run of all parts, or of those that alone were measured. */
  results: (only: readonly string[]): string => join(bench, ['RESULTS', ...only].join('-') + '.md'),
  /** A file in this run's own folder, which goes away with the run. */
  file: (name: string): string => join(ownFolder(), name),
} as const;

function ownFolder(): string {
  if (runFolder === undefined) {
    removeLeftovers();
    const made = join(work, `run-${process.pid}`);
    mkdirSync(made, { recursive: true });
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    runFolder = made;
  }
  return runFolder;
}

/** Folders of runs that were killed. */
function removeLeftovers(): void {
  for (const name of globSync('run-*', { cwd: work })) {
    if (!isAlive(Number(name.slice('run-'.length)))) rmSync(join(work, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

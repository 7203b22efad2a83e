import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
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
  results: join(bench, 'RESULTS.md'),
  /** A file in this run's own folder, which goes away with the run. */
  file: (name: string): string => join(ownFolder(), name),
} as const;

function ownFolder(): string {
  if (runFolder === undefined) {
    mkdirSync(work, { recursive: true });
    const made = mkdtempSync(join(work, 'run-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    runFolder = made;
  }
  return runFolder;
}

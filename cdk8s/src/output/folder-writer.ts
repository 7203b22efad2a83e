import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Files, generatedMark } from '../charts/folder';

/** How a folder on disk differs from what it should hold. Paths are relative to the folder. */
export interface Drift {
  readonly missing: readonly string[];
  readonly changed: readonly string[];
  /** Written by an earlier synth, and no longer made. */
  readonly stale: readonly string[];
  /** Not ours: never touched. */
  readonly foreign: readonly string[];
}

/** Compares a folder with what it should hold. */
export function driftOf(folder: string, files: Files): Drift {
  const present = filesIn(folder);
  const missing = [...files.keys()].filter((path) => !present.has(path));
  const changed = [...files].filter(([path, text]) => present.has(path) && present.get(path) !== text).map(([path]) => path);
  const others = [...present].filter(([path]) => !files.has(path));
  const isOurs = ([path, text]: readonly [string, string]) => written.test(path) && isMarked(text);
  return { missing, changed, stale: others.filter(isOurs).map(([path]) => path), foreign: others.filter((file) => !isOurs(file)).map(([path]) => path) };
}

/** Where synth writes: beside kustomization.yaml, and in two folders. A copy of an environment may lie elsewhere, and is not ours. */
const written = /^(?:manifests\/|templates\/|[^/]+$)/;

/** Whether synth wrote a folder: its kustomization.yaml, which every environment has, bears the mark. Nothing else in it is read. */
export function isEnvironments(folder: string): boolean {
  const path = join(folder, 'kustomization.yaml');
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true && isMarked(readFileSync(path, 'utf8'));
}

function isMarked(text: string): boolean {
  return text.slice(0, 200).includes(generatedMark.slice(2));
}

/** Makes a folder hold what it should: nothing is written that is there already, nothing is removed that isn't ours. */
export function writeFolder(folder: string, files: Files): Drift {
  const drift = driftOf(folder, files);
  const made = new Set<string>();
  for (const path of [...drift.missing, ...drift.changed]) {
    const parent = dirname(join(folder, path));
    if (!made.has(parent)) mkdirSync(parent, { recursive: true });
    made.add(parent);
    writeFileSync(join(folder, path), files.get(path)!);
  }
  for (const path of drift.stale) rmSync(join(folder, path));
  for (const path of drift.stale) removeEmpty(folder, dirname(path));
  return drift;
}

function filesIn(folder: string): Map<string, string> {
  if (!existsSync(folder)) return new Map();
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.map((path) => [path.slice(folder.length + 1).replaceAll('\\', '/'), readFileSync(path, 'utf8')]));
}

function removeEmpty(folder: string, path: string): void {
  for (let at = path; at !== '.'; at = dirname(at)) {
    const absolute = join(folder, at);
    if (!existsSync(absolute)) continue;
    if (readdirSync(absolute).length > 0) return;
    rmdirSync(absolute);
  }
}

// Files that are generated and committed: written, or with --check compared.
import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { root } from './services.mjs';

/**
 * Writes generated files; with `--check` on the command line only compares, and sets the exit code to 1 when one differs.
 * @param {{ path: string, text: string }[]} files
 * @param {string} command what brings them up to date
 */
export function generate(files, command) {
  const stale = files.filter(({ path, text }) => readIfThere(path) !== text);
  if (process.argv.includes('--check')) {
    for (const { path, text } of stale)
      console.error(`${relative(root, path)} is not what the services say (${firstDifference(readIfThere(path), text)}): run ${command} and commit it`);
    process.exitCode = stale.length > 0 ? 1 : 0;
    return;
  }
  for (const { path, text } of stale) writeFileSync(path, text);
  console.log(stale.length === 0 ? 'Nothing to write: all is as committed' : stale.map(({ path }) => `wrote ${relative(root, path)}`).join('\n'));
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function firstDifference(before, after) {
  if (before === undefined) return 'it is missing';
  const [was, is] = [before.split('\n'), after.split('\n')];
  const line = is.findIndex((text, i) => text !== was[i]);
  return line === -1 ? `it has ${was.length - is.length} lines more` : `line ${line + 1} should be ${JSON.stringify(is[line].trim().slice(0, 120))}`;
}

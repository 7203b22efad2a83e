import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFolder } from '../src/output/folder-writer';
import { boatService, filesOf, services } from './synthesized';

/** Whether a program is on the PATH. */
export function has(program: string): boolean {
  return spawnSync(program, ['version'], { stdio: 'ignore' }).error === undefined;
}

/** Runs a program and gives what it printed. @throws Error with its output when it fails in a way that isn't expected */
export function run(program: string, args: readonly string[], { input, expected = [0] }: { input?: string; expected?: readonly number[] } = {}): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, ...(input !== undefined && { input }) });
  if (error) throw error;
  if (!expected.includes(status ?? -1)) throw new Error(`${program} ${args.join(' ')} exited with ${status}:\n${stdout}${stderr}`);
  return stdout;
}

/** A temporary folder with every environment's manifests, a third service among them. */
export function renderedFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'berth-charts-'));
  for (const name of ['local', 'staging', 'production']) {
    mkdirSync(join(path, name));
    writeFolder(join(path, name), filesOf(name, [...services, boatService]));
  }
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { UsageError } from '../exit-codes';

/**
 * The folder that a command is about: the named one, or `charts/NAME` here or in a folder above, so that it is found from anywhere in a checkout.
 *
 * @throws UsageError when both are named, or neither, or the environment isn't there
 */
export function folderOf(folder: string | undefined, environment: string | undefined, cwd = process.cwd()): string {
  if (folder !== undefined && environment !== undefined) throw new UsageError(`name a folder or --env, not both: ${folder} and --env ${environment}`);
  if (folder !== undefined) return folder;
  if (environment === undefined) throw new UsageError('say what: a folder with manifests, or --env NAME for charts/NAME');
  checkEnvironmentName(environment);
  for (let at = resolve(cwd); ; at = dirname(at)) {
    const found = join(at, 'charts', environment);
    if (existsSync(found)) return relative(cwd, found) || '.';
    if (at === dirname(at)) throw new UsageError(`there is no charts/${environment} here or above: name an environment of this checkout, or a folder`);
  }
}

/** @throws UsageError where it could be no folder of charts */
export function checkEnvironmentName(name: string): void {
  if (!/^[\w.-]+$/.test(name) || /^\.+$/.test(name)) throw new UsageError(`"${name}" is no environment's name: --env NAME means the folder charts/NAME`);
}

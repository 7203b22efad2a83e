import { execFile } from 'node:child_process';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const git = promisify(execFile);

/** The commit of the checkout that a folder or a file is in, `-dirty` where it differs from that; nothing where there is no Git. */
export async function gitRevision(path: string): Promise<string | undefined> {
  try {
    const [cwd, what] = statSync(path).isDirectory() ? [path, '.'] : [dirname(path), basename(path)];
    if (!mayBeCheckout(realpathSync(cwd))) return undefined;
    const { stdout } = await git('git', ['status', '--porcelain=v2', '--branch', '--', what], { cwd, timeout: 5_000 });
    // https://git-scm.com/docs/git-status#_porcelain_format_version_2
    const commit = /^# branch\.oid ([0-9a-f]{12})/m.exec(stdout)?.[1];
    return commit && `${commit}${/^[^#]/m.test(stdout) ? '-dirty' : ''}`;
  } catch {
    return undefined;
  }
}

/** Whether there is anything to ask Git about: starting it takes as long as a write to the cluster. @param folder - absolute, without links */
export function mayBeCheckout(folder: string): boolean {
  const above = dirname(folder);
  return process.env['GIT_DIR'] !== undefined || existsSync(join(folder, '.git')) || (above !== folder && mayBeCheckout(above));
}

import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { UnixUser } from './postgres-server';

const run = promisify(execFile);

/** Sentence for a test that needs a small disk and can't have one. */
export const smallDiskMissing = 'needs the right to mount a tmpfs: run as root on Linux';

/** A file system of a few megabytes. */
export interface SmallDisk {
  readonly folder: string;
  /** Takes all the space that is left. */
  fill(): Promise<void>;
  /** Gives the taken space back. */
  free(): Promise<void>;
  /** Unmounts it. Also happens by itself when the test's process dies. */
  dispose(): Promise<void>;
}

/** Whether this process may mount: tried once, on a folder that is removed again. */
export function canMount(): boolean {
  const attempt = 'folder=$(mktemp -d) || exit 1; mount -t tmpfs -o size=1m tmpfs "$folder"; said=$?; umount "$folder"; rmdir "$folder"; exit $said';
  try {
    execFileSync('sh', ['-c', attempt], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Mounts a tmpfs on a temporary folder.
 * @param owner Who may write to it. @default everybody
 * @throws Error when this process may not mount.
 */
export async function mountSmallDisk(megabytes: number, owner?: UnixUser): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-disk-'));
  // above the mounted folder too, for a server that runs as another user
  chmodSync(folder, 0o755);
  const flags = [`size=${megabytes}m`, ...(owner ? [`uid=${owner.uid}`, `gid=${owner.gid}`, 'mode=700'] : ['mode=777'])];
  try {
    await run('mount', ['-t', 'tmpfs', '-o', flags.join(','), 'tmpfs', folder]);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  const watchdog = spawn('sh', ['-c', watchdogScript, 'watchdog', folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill: () => writeUntilFull(ballast),
    free: () => rm(ballast, { force: true }),
    dispose: async () => {
      watchdog.stdin.end();
      if (watchdog.exitCode === null) await once(watchdog, 'exit');
    },
  };
}

/** Waits until its stdin closes, which the kernel does when the test's process dies in whatever way; lazily, as files may be open. */
const watchdogScript = `trap '' INT TERM HUP; cat >/dev/null; umount -l "$1"; rmdir "$1"`;

/** Ever smaller pieces, down to one byte, until none fits. */
async function writeUntilFull(path: string): Promise<void> {
  const file = await open(path, 'a');
  try {
    for (let piece = Buffer.alloc(1_048_576); piece.length > 0;) {
      try {
        await file.appendFile(piece);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        piece = piece.subarray(0, Math.floor(piece.length / 4));
      }
    }
  } finally {
    await file.close();
  }
}

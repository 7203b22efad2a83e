import { spawnSync } from 'node:child_process';

/** Whether a program is on PATH (or at this path) and starts. */
export function hasProgram(name: string | undefined): boolean {
  return name !== undefined && spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0;
}

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';

/** Whether the load's core can be kept awake: it needs cores to choose and `chrt`, which is in util-linux. */
export const canKeepAwake = Boolean(process.env['BENCH_PINNED']) && spawnSync('chrt', ['--idle', '0', 'true']).status === 0;

/**
 * Does something while the load's core never sleeps: a loop of the idle class runs there whenever nothing else wants to.
 *
 * A server that answers a sleeping load generator also pays for waking its core: on virtual machines about 10 µs an answer. A server so fast that
 * the generator never gets to sleep doesn't pay it, so the price of a request would not be the sum of what the server does. Kept awake,
 * it is: the calibration section of the results shows both.
 */
export async function keepingLoadCoreAwake<T>(work: () => Promise<T>): Promise<T> {
  if (!canKeepAwake) return work();
  const child = spawn('chrt', ['--idle', '0', process.execPath, '-e', `while (process.ppid === ${process.pid});`], { stdio: 'ignore' });
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  try {
    return await work();
  } finally {
    process.off('exit', kill);
    await gone(child, kill);
  }
}

function gone(child: ChildProcess, kill: () => void): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    kill();
  });
}

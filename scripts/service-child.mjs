// One service as a child process of the launcher.
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { createInterface } from 'node:readline';
import { inLaunchersNames } from './plan.mjs';
import { root } from './services.mjs';

/** Longest wait for a service to become ready, in milliseconds: a migration of a large database fits in. */
const readyWithinMs = 60_000;

/**
 * Starts a service.
 *
 * Detached: Ctrl-C signals the whole process group of a terminal, and the service would take the launcher's SIGTERM for the second
 * signal and exit at once. The IPC channel is its sign of life from the launcher: when it breaks, the service shuts down.
 * @param {import('./plan.mjs').PlannedService} service
 * @param {(line: string) => void} onLine called with each line of its output
 * @param {string[]} [flags] of node
 */
export function startChild(service, onLine, flags = []) {
  const child = spawn(process.execPath, [...flags, service.bundle], { cwd: root, env: service.env, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', (line) => onLine(inLaunchersNames(service, line)));
  let ended;
  const exit = new Promise((resolve) => {
    // `close`, not `exit`: its last words are read by then
    child.once('close', (code, signal) => resolve((ended = { code, signal })));
    child.once('error', (error) => resolve((ended = { code: 1, signal: null, error })));
  });
  return {
    service,
    /** Resolves when the process has ended and its output is read. */
    exit,
    /** Asks for a shutdown (SIGTERM) or forces one (SIGKILL). */
    kill: (signal) => ended === undefined && child.kill(signal),
    /**
     * Waits for GET /health/ready to answer 200.
     * @throws {Error} when the process ends before, or after a minute
     */
    async ready() {
      for (const deadline = Date.now() + readyWithinMs; Date.now() < deadline; await sleep(50)) {
        if (ended !== undefined) throw new Error(`${service.name} ${describeExit(ended)} before it was ready`);
        if (await isReady(service)) return;
      }
      throw new Error(`${service.name} was not ready within ${readyWithinMs / 1000} s; see ${service.url}/health/ready`);
    },
  };
}

/** @param {{ code: number | null, signal: string | null, error?: Error }} end */
export function describeExit({ code, signal, error }) {
  if (error) return `could not be started (${error.message})`;
  return signal ? `was killed by ${signal}` : `exited with code ${code}`;
}

async function isReady(service) {
  try {
    const answer = await fetch(`${service.url}/health/ready`, { signal: AbortSignal.timeout(2000) });
    await answer.body?.cancel();
    return answer.status === 200;
  } catch {
    return false;
  }
}

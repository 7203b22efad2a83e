import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { kubectl } from './cluster';

/** What the watch prints of a pod at each change: its id and, once it has that condition, whether it is ready. */
const line = `jsonpath={.metadata.uid} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}`;

/**
 * Restarts a service's rollout and gives the milliseconds from each new pod's creation to its readiness, by this machine's clock at the watch:
 * the times in the objects are whole seconds.
 */
export async function timesToReady(namespace: string, service: string): Promise<number[]> {
  const pods = ['pods', '-n', namespace, '-l', `app.kubernetes.io/name=${service},app.kubernetes.io/component=server`];
  const known = new Set((await kubectl('get', ...pods, '-o', 'jsonpath={.items[*].metadata.uid}')).split(' '));
  const [created, ready] = [new Map<string, number>(), new Map<string, number>()];
  const watch = spawn('kubectl', ['get', ...pods, '--watch', '-o', line], { stdio: ['ignore', 'pipe', 'ignore'] });
  const lines = createInterface(watch.stdout).on('line', (text: string) => {
    const [uid, isReady] = text.split(' ') as [string, string | undefined];
    if (known.has(uid)) return;
    if (!created.has(uid)) created.set(uid, performance.now());
    if (isReady === 'True' && !ready.has(uid)) ready.set(uid, performance.now());
  });
  try {
    // the pods that are there: from here on the watch sees every new one at once
    await once(lines, 'line', { signal: AbortSignal.timeout(30_000) });
    await kubectl('rollout', 'restart', '-n', namespace, `deployment/${service}`);
    await kubectl('rollout', 'status', '-n', namespace, `deployment/${service}`, '--timeout=180s');
  } finally {
    watch.kill();
  }
  if (ready.size === 0) throw new Error(`the watch of ${service} saw no new pod become ready`);
  return [...ready].map(([uid, at]) => Math.round(at - created.get(uid)!));
}

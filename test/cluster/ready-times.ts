import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { kubectl } from './cluster';

/** What the watch prints of a pod at each change: its id and, once it has that condition, whether it is ready. */
const line = `jsonpath={.metadata.uid} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}`;

/** Pods as a watch sees them. Times are of `performance.now()`, because those in the objects are whole seconds. */
export interface PodWatch {
  readonly created: ReadonlyMap<string, number>;
  /** When each was ready for the first time. */
  readonly ready: ReadonlyMap<string, number>;
  /** The watch has begun: from here on it sees every new pod at once. There must be a pod already. */
  begun(): Promise<void>;
  stop(): void;
}

/** Watches pods by uid; those of `known` are passed over. */
export function watchPods(namespace: string, selector: readonly string[] = [], known: ReadonlySet<string> = new Set()): PodWatch {
  const [created, ready] = [new Map<string, number>(), new Map<string, number>()];
  const watch = spawn('kubectl', ['get', 'pods', '-n', namespace, ...selector, '--watch', '-o', line], { stdio: ['ignore', 'pipe', 'ignore'] });
  const lines = createInterface(watch.stdout).on('line', (text: string) => {
    const [uid, isReady] = text.split(' ') as [string, string | undefined];
    if (known.has(uid)) return;
    if (!created.has(uid)) created.set(uid, performance.now());
    if (isReady === 'True' && !ready.has(uid)) ready.set(uid, performance.now());
  });
  return { created, ready, begun: async () => void (await once(lines, 'line', { signal: AbortSignal.timeout(30_000) })), stop: () => void watch.kill() };
}

/** Restarts a service's rollout and gives the milliseconds from each new pod's creation to its readiness. */
export async function timesToReady(namespace: string, service: string): Promise<number[]> {
  const selector = ['-l', `app.kubernetes.io/name=${service},app.kubernetes.io/component=server`];
  const known = new Set((await kubectl('get', 'pods', '-n', namespace, ...selector, '-o', 'jsonpath={.items[*].metadata.uid}')).split(' '));
  const { created, ready, begun, stop } = watchPods(namespace, selector, known);
  try {
    await begun();
    await kubectl('rollout', 'restart', '-n', namespace, `deployment/${service}`);
    await kubectl('rollout', 'status', '-n', namespace, `deployment/${service}`, '--timeout=180s');
  } finally {
    stop();
  }
  if (ready.size === 0) throw new Error(`the watch of ${service} saw no new pod become ready`);
  return [...ready].map(([uid, at]) => Math.round(at - created.get(uid)!));
}

import { apply, type ApplyOptions } from '../src/apply/apply';
import { destroy } from '../src/apply/destroy';
import type { Progress } from '../src/apply/progress';
import type { Cluster } from '../src/cluster/cluster';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';
import { prepare } from '../src/manifests/prepare';
import type { Stack } from '../src/stack/stack';

/** Tells nobody anything. */
export const silent: Progress = { plan: () => undefined, note: () => undefined, did: () => undefined, stands: () => undefined, waited: () => undefined };

const options: ApplyOptions = {
  timeoutMs: 20_000,
  lock: { seconds: 2, waitMs: 5_000 },
  notes: () => Promise.resolve({ by: 'a test' }),
  hidden: (text) => text,
  progress: silent,
  signal: new AbortController().signal,
};

/** Applies objects as a stack, as the command does. */
export async function applyObjects(cluster: Cluster, stack: Stack, objects: readonly KubernetesObject[], more: Partial<ApplyOptions> = {}) {
  const manifests = objects.map((object, i) => ({ object, place: `object ${i + 1}` }));
  return apply(cluster, stack, await prepare(manifests, stack, cluster.discovery, undefined), { ...options, ...more });
}

/** Destroys a stack, as the command does. */
export function destroyStack(cluster: Cluster, stack: Stack, deleteData = false) {
  return destroy(cluster, stack, { ...options, by: () => Promise.resolve('a test'), deleteData });
}

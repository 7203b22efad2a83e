import { setTimeout as sleep } from 'node:timers/promises';
import { Unready, unreadyWords } from '../apply/apply';
import type { Progress } from '../apply/progress';
import type { Cluster } from '../cluster/cluster';
import { CommandError, NotHealthy } from '../exit-codes';
import { type KubernetesObject, nameOf } from '../manifests/kubernetes-object';
import { conditionOf } from '../readiness/conditions';
import { podsOf, viewOf } from '../readiness/pods';
import { waitUntilReady } from '../readiness/wait';
import { podResource } from './helper-pod';
import type { Store } from './store';

/** The pods of a workload that are to go, by their uids. */
export type Going = ReadonlySet<string>;

type Workload = Pick<Store, 'workload' | 'reference' | 'location'>;

/** Deletes the pods of a workload, whose controller makes new ones. Its number of replicas, and who owns that, stay as they are. */
export async function deletePods(cluster: Cluster, { workload, reference }: Workload): Promise<Going> {
  const namespace = reference.namespace!;
  const pods = podsOf(workload, await viewOf(cluster, namespace));
  for (const { metadata } of pods) await cluster.delete({ resource: podResource, namespace, name: metadata.name }, metadata.uid!);
  return new Set(pods.map(({ metadata }) => metadata.uid!));
}

/** How to wait for pods. */
export interface PodWait {
  /** By `performance.now()`. */
  readonly deadline: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Waits until pods are gone, and those in their place are ready.
 *
 * @throws NotHealthy when they don't become so in time, or are certain not to
 */
export async function untilReplaced(cluster: Cluster, store: Workload, going: Going, { deadline, progress, signal }: PodWait): Promise<void> {
  for (;;) {
    if (signal.aborted) throw new CommandError('stopped: what was begun is finished by running the command again');
    const workload = (await cluster.get(store.location)) ?? store.workload;
    const pods = podsOf(workload, await viewOf(cluster, store.reference.namespace!));
    const left = pods.filter(({ metadata }) => going.has(metadata.uid!));
    if (left.length === 0) {
      const awaited = { reference: store.reference, location: store.location };
      const timeoutMs = deadline - performance.now();
      const { outcome, unready } = await waitUntilReady(cluster, [awaited], { timeoutMs, signal, onChange: (standing) => progress.stands(standing) });
      progress.waited();
      if (outcome !== 'ready' && !signal.aborted) throw new Unready(unreadyWords(unready), unready);
      // what the controller says may be of the pods that went
      if (outcome === 'ready' && pods.filter((pod) => conditionOf(pod, 'Ready', 'True')).length >= wantedOf(workload)) return;
    } else if (performance.now() >= deadline) {
      const names = left.map(({ metadata }) => metadata.name).join(', ');
      throw new NotHealthy(`${nameOf(store.reference)}: its old pods do not end (${names})`);
    }
    await sleep(200);
  }
}

function wantedOf({ spec }: KubernetesObject): number {
  return (spec as { replicas?: number }).replicas ?? 1;
}

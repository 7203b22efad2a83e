import type { Cluster } from '../cluster/cluster';
import { inParallel } from '../in-parallel';
import { conditionOf } from './conditions';
import type { KubernetesObject, ObjectReference } from '../manifests/kubernetes-object';
import { locate } from '../stack/find-entry';
import type { InventoryEntry } from '../stack/inventory';
import { workloadKinds } from '../doctor/pod-findings';
import { quickLook } from '../doctor/quick-look';
import { missing } from './gone-job';
import { endpointsOf, type NamespaceView, podsOf, viewOf } from './pods';
import { readinessOf } from './readiness';
import type { Readiness } from './state';

/** An object of a stack as it stands just now. */
export interface Overview {
  readonly reference: ObjectReference;
  readonly readiness: Readiness;
  /** When it was made, by ISO 8601; nothing when it isn't there. */
  readonly since?: string;
  /** Pods that are ready, of those that are wanted; of workloads. */
  readonly pods?: { readonly ready: number; readonly wanted: number; readonly restarts: number };
  /** The number of its newest template; of Deployments. */
  readonly rollout?: string;
  /** Addresses that answer; of Services. */
  readonly endpoints?: number;
  /** Why it is not ready, by its pods where they say. */
  readonly problem?: string;
}

/** How every object of an inventory stands. */
export async function overviewOf(cluster: Cluster, entries: readonly InventoryEntry[]): Promise<readonly Overview[]> {
  const views = new Map<string, Promise<NamespaceView>>();
  const view = (namespace: string) => views.get(namespace) ?? views.set(namespace, viewOf(cluster, namespace)).get(namespace)!;
  return inParallel(entries, async (entry) => {
    const { apiVersion: _, goesWhenDone, ...reference } = entry;
    const location = await locate(cluster, entry);
    const object = location && (await cluster.get(location));
    if (object === undefined) {
      const readiness = await missing(cluster, reference, goesWhenDone);
      return { reference, readiness, ...(readiness.state !== 'Current' && { problem: readiness.message }) };
    }
    const endpoints = object.kind === 'Service' ? (await endpointsOf(cluster, reference.namespace!, reference.name)).ready : undefined;
    const readiness = readinessOf(object, { now: Date.now() });
    const workload = workloadKinds.has(object.kind) && object.kind !== 'Pod' ? ofWorkload(object, await view(reference.namespace!)) : {};
    const problem = readiness.state === 'Current' ? undefined : (workload.problem ?? readiness.message);
    return {
      reference,
      readiness,
      ...(object.metadata.creationTimestamp === undefined ? {} : { since: object.metadata.creationTimestamp }),
      ...(workload.pods && { pods: workload.pods }),
      ...(workload.rollout === undefined ? {} : { rollout: workload.rollout }),
      ...(endpoints === undefined ? {} : { endpoints }),
      ...(problem === undefined ? {} : { problem }),
    };
  });
}

function ofWorkload(object: KubernetesObject, view: NamespaceView): Pick<Overview, 'pods' | 'rollout' | 'problem'> {
  const pods = podsOf(object, view).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const ready =
    object.kind === 'Job'
      ? ((object.status as { succeeded?: number } | undefined)?.succeeded ?? 0)
      : pods.filter((pod) => conditionOf(pod, 'Ready', 'True')).length;
  const restarts = pods
    .flatMap(({ status }) => (status as { containerStatuses?: { restartCount: number }[] }).containerStatuses ?? [])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);
  const rollout = object.metadata.annotations?.['deployment.kubernetes.io/revision'];
  const problem = quickLook(object, view)[0]?.cause;
  return { pods: { ready, wanted: wantedOf(object), restarts }, ...(rollout === undefined ? {} : { rollout }), ...(problem === undefined ? {} : { problem }) };
}

function wantedOf({ kind, spec, status }: KubernetesObject): number {
  if (kind === 'DaemonSet') return (status as { desiredNumberScheduled?: number } | undefined)?.desiredNumberScheduled ?? 0;
  const { replicas = 1, completions = 1 } = spec as { replicas?: number; completions?: number };
  return kind === 'Job' ? completions : replicas;
}

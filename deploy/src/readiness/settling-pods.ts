import type { Cluster } from '../cluster/cluster';
import { podStatusOf } from '../doctor/container-status';
import type { KubernetesObject } from '../manifests/kubernetes-object';
import { podSpecOf } from '../manifests/pod-spec';
import { newestPodsOf, viewOf } from './pods';

/** Milliseconds that a container without a probe has to run: to Kubernetes it is ready the moment it starts, also where it ends the next. */
export const settleMs = 2_000;

/**
 * Workloads whose readiness says little: of a container without a probe that has just started, or has just ended.
 *
 * @param workloads - whose pods are all wanted: no Jobs
 */
export async function settlingOf(cluster: Cluster, workloads: readonly KubernetesObject[]): Promise<readonly KubernetesObject[]> {
  const unprobed = workloads.filter((workload) => unprobedOf(workload).size > 0);
  if (unprobed.length === 0) return [];
  const namespaces = [...new Set(unprobed.map(({ metadata }) => metadata.namespace!))];
  // by the cluster's clock, as the times of containers are
  const [{ serverTime }, ...views] = await Promise.all([
    cluster.connection.call({ method: 'GET', path: '/version' }),
    ...namespaces.map((namespace) => viewOf(cluster, namespace)),
  ]);
  return unprobed.filter((workload) => {
    const names = unprobedOf(workload);
    const pods = newestPodsOf(workload, views[namespaces.indexOf(workload.metadata.namespace!)]!);
    return pods.some((pod) => isWanted(pod) && changesOf(pod, names).some((at) => serverTime - at < settleMs));
  });
}

function unprobedOf(workload: KubernetesObject): ReadonlySet<string> {
  const { containers = [] } = podSpecOf(workload);
  return new Set(containers.filter(({ readinessProbe, startupProbe }) => (readinessProbe ?? startupProbe) === undefined).map(({ name }) => name));
}

function isWanted(pod: KubernetesObject): boolean {
  return pod.metadata.deletionTimestamp === undefined && podStatusOf(pod).phase !== 'Failed';
}

/** When containers started or ended, in milliseconds since 1970. */
function changesOf(pod: KubernetesObject, names: ReadonlySet<string>): readonly number[] {
  return (podStatusOf(pod).containerStatuses ?? [])
    .filter(({ name }) => names.has(name))
    .flatMap(({ state, lastState }) => [state?.running?.startedAt, state?.terminated?.finishedAt, lastState?.terminated?.finishedAt])
    .map((time) => Date.parse(time ?? ''))
    .filter((at) => !Number.isNaN(at));
}

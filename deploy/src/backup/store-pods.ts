import type { Cluster } from '../cluster/cluster';
import type { ContainerLocation } from '../cluster/exec';
import { CommandError } from '../exit-codes';
import { type KubernetesObject, nameOf } from '../manifests/kubernetes-object';
import { podsOf, viewOf } from '../readiness/pods';
import type { PostgresStore, SqliteStore } from './store';

/** The container that serves a SQLite file. @throws CommandError when it doesn't run */
export async function servingContainer(cluster: Cluster, { workload, reference, container }: SqliteStore): Promise<ContainerLocation> {
  const namespace = reference.namespace!;
  const pods = podsOf(workload, await viewOf(cluster, namespace));
  return running(pods, namespace, container, `${nameOf(reference)} has no pod whose container ${container} runs`);
}

/** The container of a database's server. @throws CommandError when it doesn't run */
export async function serverContainer(cluster: Cluster, { reference, server: { labels, container }, database }: PostgresStore): Promise<ContainerLocation> {
  const namespace = reference.namespace!;
  const { pods } = await viewOf(cluster, namespace);
  const servers = pods.filter(({ metadata }) => Object.entries(labels).every(([label, value]) => metadata.labels?.[label] === value));
  const words = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  return running(servers, namespace, container, `${nameOf(reference)}: no server of its database ${database} runs (pods with ${words.join(',')})`);
}

interface PodStatus {
  readonly containerStatuses?: readonly { readonly name: string; readonly state?: { readonly running?: object } }[];
}

function running(pods: readonly KubernetesObject[], namespace: string, container: string, otherwise: string): ContainerLocation {
  const isRunning = ({ metadata, status }: KubernetesObject) =>
    metadata.deletionTimestamp === undefined &&
    ((status ?? {}) as PodStatus).containerStatuses?.some(({ name, state }) => name === container && state?.running !== undefined);
  const pod = pods.find(isRunning);
  if (pod === undefined) throw new CommandError(`${otherwise}: berth status says why`);
  return { namespace, pod: pod.metadata.name, container };
}

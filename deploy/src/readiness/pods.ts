import type { Cluster } from '../cluster/cluster';
import type { Resource } from '../cluster/discovery';
import type { KubernetesObject } from '../manifests/kubernetes-object';

const pods: Resource = { apiVersion: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };
const replicaSets: Resource = { apiVersion: 'apps/v1', kind: 'ReplicaSet', plural: 'replicasets', namespaced: true };
const endpointSlices: Resource = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', plural: 'endpointslices', namespaced: true };

/** What lies below the workloads of a namespace: read once for all of them. */
export interface NamespaceView {
  readonly pods: readonly KubernetesObject[];
  readonly replicaSets: readonly KubernetesObject[];
}

/** Reads it. */
export async function viewOf(cluster: Cluster, namespace: string): Promise<NamespaceView> {
  const [podList, replicaSetList] = await Promise.all([cluster.list(pods, namespace), cluster.list(replicaSets, namespace)]);
  return { pods: podList, replicaSets: replicaSetList };
}

/** A ReplicaSet's number, which its Deployment counts. */
const revisionAnnotation = 'deployment.kubernetes.io/revision';

/** The pods of a workload's newest template: those of an older one say nothing of a rollout. */
export function newestPodsOf(workload: KubernetesObject, view: NamespaceView): readonly KubernetesObject[] {
  if (workload.kind === 'Pod') return view.pods.filter(({ metadata }) => metadata.uid === workload.metadata.uid);
  if (workload.kind === 'Deployment') {
    const newest = newestReplicaSet(workload, view);
    return newest === undefined ? [] : ownedBy(newest, view.pods);
  }
  const owned = ownedBy(workload, view.pods);
  const { updateRevision } = (workload.status ?? {}) as { updateRevision?: string };
  if (workload.kind !== 'StatefulSet' || updateRevision === undefined) return owned;
  return owned.filter(({ metadata }) => metadata.labels?.['controller-revision-hash'] === updateRevision);
}

/** The ReplicaSet of a Deployment's newest template. */
export function newestReplicaSet(deployment: KubernetesObject, { replicaSets: all }: NamespaceView): KubernetesObject | undefined {
  const wanted = deployment.metadata.annotations?.[revisionAnnotation];
  return ownedBy(deployment, all).find(({ metadata }) => metadata.annotations?.[revisionAnnotation] === wanted);
}

/** Every pod of a workload, of whatever template. */
export function podsOf(workload: KubernetesObject, view: NamespaceView): readonly KubernetesObject[] {
  if (workload.kind !== 'Deployment') return ownedBy(workload, view.pods);
  return ownedBy(workload, view.replicaSets).flatMap((replicaSet) => ownedBy(replicaSet, view.pods));
}

function ownedBy({ metadata: { uid } }: KubernetesObject, objects: readonly KubernetesObject[]): readonly KubernetesObject[] {
  return objects.filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid));
}

interface EndpointSlice extends KubernetesObject {
  readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[];
}

/** How many addresses answer for a Service. */
export async function endpointsOf(cluster: Cluster, namespace: string, service: string): Promise<{ readonly ready: number; readonly all: number }> {
  const slices = (await cluster.list(endpointSlices, namespace, { labelSelector: `kubernetes.io/service-name=${service}` })) as readonly EndpointSlice[];
  const all = slices.flatMap(({ endpoints }) => endpoints ?? []);
  // unset means ready: https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#ready
  return { ready: all.filter(({ conditions }) => conditions?.ready !== false).length, all: all.length };
}

/** The last lines of a container's log; nothing when there is none. */
export async function lastLines(cluster: Cluster, pod: KubernetesObject, container: string, previous: boolean, lines = 20): Promise<string> {
  const { namespace = '', name } = pod.metadata;
  const query = { container, tailLines: String(lines), ...(previous ? { previous: 'true' } : {}) };
  try {
    const { body } = await cluster.connection.call<unknown>({ method: 'GET', path: `/api/v1/namespaces/${namespace}/pods/${name}/log`, query, accept: '*/*' });
    return typeof body === 'string' ? body.trimEnd() : JSON.stringify(body);
  } catch {
    return '';
  }
}

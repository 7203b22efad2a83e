import type { Cluster } from '../src/cluster/cluster';
import { inParallel } from '../src/in-parallel';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';
import { contentOf } from '../src/plan/field-changes';

/** Kinds that come and go by themselves, or say who was there. */
const passing = new Set(['Event', 'Endpoints', 'EndpointSlice', 'Lease', 'Pod', 'ReplicaSet', 'ControllerRevision']);

/** All that is in a namespace, by kind and name, without what differs between two equal ones: uids, versions, times, addresses. */
export async function liveState(cluster: Cluster, namespace: string): Promise<Record<string, unknown>> {
  const resources = (await cluster.discovery.namespacedResources()).filter(({ kind }) => !passing.has(kind));
  const lists = await inParallel(resources, async (resource) =>
    (await cluster.list(resource, namespace)).map((object) => ({ ...object, apiVersion: resource.apiVersion, kind: resource.kind })),
  );
  const state: Record<string, unknown> = Object.fromEntries(
    lists
      .flat()
      .filter(({ kind, metadata: { name } }) => name !== 'kube-root-ca.crt' && !(kind === 'ServiceAccount' && name === 'default'))
      .map((object): [string, unknown] => [`${object.kind}/${object.metadata.name}`, normal(object)])
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  );
  // two stacks that are alike but for their namespaces are equal
  const text = JSON.stringify(state)
    .replaceAll(namespace, 'NAMESPACE')
    .replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'UID');
  return JSON.parse(text) as Record<string, unknown>;
}

/** Revisions tell when, and by which way: how many there are and what is in them is compared by who needs it. */
function normal(object: KubernetesObject): unknown {
  const { name } = object.metadata;
  if (/-revision-\d+$/.test(name)) return 'a revision';
  const content = contentOf(object) as { spec?: Record<string, unknown>; metadata: Record<string, unknown> };
  const { clusterIP: _ip, clusterIPs: _ips, ...spec } = content.spec ?? {};
  const { namespace: _namespace, ownerReferences: _owners, finalizers: _finalizers, annotations, ...metadata } = content.metadata;
  const { 'deployment.kubernetes.io/revision': _revision, ...own } = (annotations ?? {}) as Record<string, string>;
  return { ...content, metadata: { ...metadata, annotations: own }, ...(content.spec && { spec }), managers: managersOf(object) };
}

/** Who owns what matters as much: by it the next apply knows what to take away. */
function managersOf({ metadata: { managedFields = [] } }: KubernetesObject): unknown {
  return managedFields.filter(({ manager }) => manager.startsWith('berth')).map(({ manager, operation, fieldsV1 }) => ({ manager, operation, fieldsV1 }));
}

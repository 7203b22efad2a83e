import { ApiError } from '../cluster/api-error';
import type { Cluster } from '../cluster/cluster';
import type { Resource } from '../cluster/discovery';
import { inParallel } from '../in-parallel';
import { type KubernetesObject, nameOf, referenceOf } from '../manifests/kubernetes-object';
import { accountName, revisionLabel } from '../stack/account';
import { type Stack, stackId, stackOf } from '../stack/stack';

/**
 * What is in a namespace beside a stack, whoever made it: with the namespace it would be deleted. What the cluster itself puts into every namespace
 * and what belongs to an object that is there don't count.
 */
export async function strangersIn(cluster: Cluster, namespace: string, stack: Stack): Promise<string[]> {
  const resources = await cluster.discovery.namespacedResources();
  const lists = await inParallel(resources, (resource) => listMetadata(cluster, resource, namespace));
  return lists
    .flat()
    .filter((object) => isStranger(object, stack))
    .map((object) => nameOf(referenceOf(object)));
}

/** Names and labels are enough: nobody needs to see what is in a Secret. */
async function listMetadata(cluster: Cluster, resource: Resource, namespace: string): Promise<KubernetesObject[]> {
  try {
    const items = await cluster.list(resource, namespace, {}, 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1');
    return items.map((item) => ({ ...item, apiVersion: resource.apiVersion, kind: resource.kind }));
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 403)) throw error;
    // what one may not look at may be there
    return [{ apiVersion: resource.apiVersion, kind: resource.kind, metadata: { name: '(not to be listed)', namespace } }];
  }
}

/** Kinds that come and go by themselves. */
const derived = new Set(['Event', 'Endpoints', 'EndpointSlice', 'ControllerRevision', 'PodMetrics']);

function isStranger({ kind, metadata }: KubernetesObject, stack: Stack): boolean {
  const { name, labels = {}, ownerReferences = [] } = metadata;
  if (derived.has(kind) || ownerReferences.length > 0) return false;
  if (kind === 'ServiceAccount' && name === 'default') return false;
  if (kind === 'ConfigMap' && name === 'kube-root-ca.crt') return false;
  if (labels[revisionLabel] === stack.name || name === accountName(stack)) return false;
  return stackOf({ apiVersion: '', kind, metadata }) !== stackId(stack);
}

import { ApiError } from '../cluster/api-error';
import { type Cluster, metadataList, metadataOnly } from '../cluster/cluster';
import type { Resource } from '../cluster/discovery';
import type { KubernetesObject, OwnerReference } from '../manifests/kubernetes-object';

/** Owners of owners that are asked for. */
export const deepest = 5;

/** An object's owner, by its metadata alone: nothing when it isn't there, `unknown` when the account can't look. */
export async function ownerOf(
  cluster: Cluster,
  { apiVersion = '', kind, name }: OwnerReference,
  namespace: string | undefined,
): Promise<KubernetesObject | undefined | 'unknown'> {
  try {
    const resource = await cluster.discovery.resourceOf({ apiVersion, kind });
    if (resource === undefined) return 'unknown';
    const owner = await cluster.get({ resource, namespace, name }, metadataOnly);
    return owner && { ...owner, apiVersion, kind };
  } catch (error) {
    if (error instanceof ApiError && !error.isPassing) return 'unknown';
    throw error;
  }
}

/** Objects of a kind by their names and labels: nobody needs to see what is in a Secret. */
export async function listMetadata(cluster: Cluster, resource: Resource, namespace: string | undefined): Promise<KubernetesObject[]> {
  const { apiVersion, kind } = resource;
  return (await cluster.list(resource, namespace, {}, metadataList)).map((item) => ({ ...item, apiVersion, kind }));
}

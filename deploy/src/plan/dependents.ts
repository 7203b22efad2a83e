import { ApiError } from '../cluster/api-error';
import { builtInResource } from '../cluster/built-in-kinds';
import type { Cluster } from '../cluster/cluster';
import type { Resource } from '../cluster/discovery';
import { inParallel } from '../in-parallel';
import { type KubernetesObject, nameOf, referenceOf } from '../manifests/kubernetes-object';
import { deepest, listMetadata, ownerOf } from './owners';

const inNamespaces = ['PersistentVolumeClaim', 'Secret'].map((kind) => builtInResource('v1', kind)!);
const ofTheCluster = ['Namespace', 'PersistentVolume'].map((kind) => builtInResource('v1', kind)!);

/**
 * Names of objects with data that the cluster deletes with others, because they belong to them by their owner references, whoever made them: by the
 * owner's uid. What the account may not list isn't known. https://kubernetes.io/docs/concepts/architecture/garbage-collection/
 */
export async function dataBelow(cluster: Cluster, owners: readonly KubernetesObject[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const uids = new Set(owners.map(({ metadata }) => metadata.uid!));
  const namespaces = new Set(owners.map(({ metadata }) => metadata.namespace));
  // what is of the whole cluster may own what is anywhere
  const places = namespaces.has(undefined) ? [undefined] : [...namespaces];
  const kinds = places.flatMap((namespace) => [...inNamespaces, ...(namespace === undefined ? ofTheCluster : [])].map((resource) => ({ resource, namespace })));
  const lists = await inParallel(kinds, ({ resource, namespace }) => listed(cluster, resource, namespace));
  const below = new Map<string, string[]>();
  await inParallel(lists.flat(), async (object) => {
    for (const uid of await ownersAmong(cluster, object, uids)) below.set(uid, [...(below.get(uid) ?? []), nameOf(referenceOf(object))]);
  });
  return below;
}

async function listed(cluster: Cluster, resource: Resource, namespace: string | undefined): Promise<readonly KubernetesObject[]> {
  try {
    return await listMetadata(cluster, resource, namespace);
  } catch (error) {
    if (error instanceof ApiError && error.code === 403) return [];
    throw error;
  }
}

/** Which of some owners an object belongs to, itself or by others. A claim of a Pod is as passing as that. */
async function ownersAmong(cluster: Cluster, { kind, metadata }: KubernetesObject, uids: ReadonlySet<string>, depth = 0): Promise<readonly string[]> {
  if (depth === deepest) return [];
  const owners = (metadata.ownerReferences ?? []).filter((owner) => !(kind === 'PersistentVolumeClaim' && owner.kind === 'Pod'));
  const found = await inParallel(owners, async (reference) => {
    const { uid } = reference;
    if (uids.has(uid)) return [uid];
    const owner = await ownerOf(cluster, reference, metadata.namespace);
    return owner !== 'unknown' && owner?.metadata.uid === uid ? ownersAmong(cluster, owner, uids, depth + 1) : [];
  });
  return [...new Set(found.flat())];
}

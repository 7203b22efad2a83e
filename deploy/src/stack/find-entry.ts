import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../cluster/api-error';
import { type Cluster, type Location, metadataList } from '../cluster/cluster';
import type { Resource } from '../cluster/discovery';
import type { KubernetesObject } from '../manifests/kubernetes-object';
import type { InventoryEntry } from './inventory';

/** Where an object of the inventory is: in the version in which it was applied, else in another that is served; nothing when none is. */
export async function locate(cluster: Cluster, { group, apiVersion, kind, namespace, name }: InventoryEntry): Promise<Location | undefined> {
  const resource = (await cluster.discovery.resourceOf({ apiVersion, kind })) ?? (await cluster.discovery.servedAs(group, kind));
  return resource && { resource, namespace, name };
}

/** An object of the inventory. `hidden`: it may be there, and nobody can tell. */
export type Found =
  | { readonly state: 'there'; readonly location: Location; readonly live: KubernetesObject }
  | { readonly state: 'gone' }
  | { readonly state: 'hidden'; readonly reason: string };

/** Times that a path is asked for which isn't served although the cluster says so: it says so some moments longer. */
const tries = 25;

/** Looks for an object of the inventory. Only a word on it in a version that is served says that it is gone. @throws ApiError */
export async function findEntry(cluster: Cluster, entry: InventoryEntry): Promise<Found> {
  for (let tried = 1; ; tried++) {
    const location = await locate(cluster, entry);
    if (location === undefined) return unserved(cluster, entry);
    try {
      const live = await cluster.getServed(location);
      return live === undefined ? { state: 'gone' } : { state: 'there', location, live };
    } catch (error) {
      if (!(error instanceof ApiError && error.isNotFound) || tried === tries) throw error;
      cluster.discovery.forget(location.resource.apiVersion);
      await sleep(200);
    }
  }
}

const definitions: Resource = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

/** With its definition an object is gone; without a version that is served it is there all the same. */
async function unserved(cluster: Cluster, { group, kind }: InventoryEntry): Promise<Found> {
  try {
    const named = (await cluster.list(definitions, undefined, {}, metadataList)).filter(({ metadata: { name } }) => name.endsWith(`.${group}`));
    const found = await Promise.all(named.map(({ metadata: { name } }) => cluster.get({ resource: definitions, name })));
    const isDefined = found.some((definition) => (definition?.spec as { names: { kind: string } } | undefined)?.names.kind === kind);
    return isDefined ? { state: 'hidden', reason: `no version of its kind is served: let its definition serve one` } : { state: 'gone' };
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 403)) throw error;
    return { state: 'hidden', reason: 'its kind is not served, and this account may not list definitions to see whether it is gone' };
  }
}

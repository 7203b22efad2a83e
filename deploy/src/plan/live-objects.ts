import { ApiError } from '../cluster/api-error';
import type { Cluster } from '../cluster/cluster';
import { keyOf, type KubernetesObject, referenceOf } from '../manifests/kubernetes-object';
import type { Prepared } from '../manifests/prepare';
import { type Stack, stackId, stackLabel } from '../stack/stack';

/** So many objects of a kind are listed instead of looked at one by one: a list costs the server about as much as two looks. */
const worthAList = 3;

/** Gives an object as it is live; nothing when it isn't there. */
export type LookAt = (prepared: Prepared) => Promise<KubernetesObject | undefined>;

/**
 * Looks at the live objects of a stack. Kinds of which there are several are listed, by the stack's label; what is not among them, because it is new or
 * not the stack's, is looked at by itself, and so are all where the account may not list, and Secrets always.
 */
export function liveObjects(cluster: Cluster, stack: Stack, objects: readonly Prepared[]): LookAt {
  const groups = Map.groupBy(objects, groupOf);
  const lists = new Map<string, Promise<ReadonlyMap<string, KubernetesObject>>>();
  return async (prepared) => {
    const group = groupOf(prepared);
    if (groups.get(group)!.length < worthAList || prepared.reference.kind === 'Secret') return cluster.get(prepared.location);
    const list = lists.get(group) ?? listed(cluster, stack, prepared);
    lists.set(group, list);
    return (await list).get(keyOf(prepared.reference)) ?? cluster.get(prepared.location);
  };
}

function groupOf({ location: { resource, namespace = '' } }: Prepared): string {
  return `${resource.apiVersion}/${resource.plural}/${namespace}`;
}

async function listed(cluster: Cluster, stack: Stack, { location: { resource, namespace } }: Prepared): Promise<ReadonlyMap<string, KubernetesObject>> {
  try {
    const found = await cluster.list(resource, namespace, { labelSelector: `${stackLabel}=${stackId(stack)}` });
    return new Map(found.map((object) => [keyOf(referenceOf(object)), object]));
  } catch (error) {
    if (error instanceof ApiError && error.code === 403) return new Map();
    throw error;
  }
}

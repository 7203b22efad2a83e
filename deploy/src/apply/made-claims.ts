import { builtInResource } from '../cluster/built-in-kinds';
import type { Cluster } from '../cluster/cluster';
import { inParallel } from '../in-parallel';
import { keyOf, type KubernetesObject, referenceOf } from '../manifests/kubernetes-object';
import { locate } from '../stack/find-entry';
import { type InventoryEntry, joined, sameEntries, writeInventory } from '../stack/inventory';
import { type Stack, stackId, stackLabel, stackOf } from '../stack/stack';

const claims = builtInResource('v1', 'PersistentVolumeClaim')!;

interface StatefulSetSpec {
  readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
}

/**
 * Claims that StatefulSets of a stack have made by their templates. No manifest has them, and they outlive their set: so they belong to the stack as long
 * as that is there to tell. https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-storage
 */
export async function madeClaims(cluster: Cluster, stack: Stack, entries: readonly InventoryEntry[]): Promise<readonly InventoryEntry[]> {
  const sets = await inParallel(
    entries.filter(({ group, kind }) => group === 'apps' && kind === 'StatefulSet'),
    async (entry) => {
      const location = await locate(cluster, entry);
      return location && cluster.get(location);
    },
  );
  const found = await inParallel(
    sets.filter((set) => set !== undefined),
    (set) => claimsOf(cluster, set),
  );
  // one that was made before by the manifests of another stack has the name too
  const own = found.flat().filter((claim) => (stackOf(claim) ?? stackId(stack)) === stackId(stack));
  return own.map((claim) => ({ ...referenceOf(claim), apiVersion: 'v1' }));
}

async function claimsOf(cluster: Cluster, { metadata: { name, namespace }, spec }: KubernetesObject): Promise<readonly KubernetesObject[]> {
  const { volumeClaimTemplates: templates = [] } = spec as StatefulSetSpec;
  if (templates.length === 0) return [];
  const beginnings = templates.map(({ metadata }) => `${metadata.name}-${name}-`);
  const isMade = (claim: string) => beginnings.some((beginning) => claim.startsWith(beginning) && /^\d+$/.test(claim.slice(beginning.length)));
  return (await cluster.list(claims, namespace)).filter(({ metadata }) => isMade(metadata.name));
}

/**
 * Writes them down as the stack's, before the sets go that tell of them: so they are found by whoever destroys what was left.
 *
 * @param entries - the inventory
 * @param going - those of it that go
 * @returns the claims
 */
export async function adoptClaims(
  cluster: Cluster,
  stack: Stack,
  entries: readonly InventoryEntry[],
  going: readonly InventoryEntry[],
): Promise<readonly InventoryEntry[]> {
  const made = await madeClaims(cluster, stack, going);
  const known = new Set(entries.map(keyOf));
  const labels = { [stackLabel]: stackId(stack) };
  for (const { apiVersion, kind, namespace, name } of made.filter((claim) => !known.has(keyOf(claim))))
    await cluster.apply({ resource: claims, namespace, name }, { apiVersion, kind, metadata: { name, namespace, labels } });
  const all = joined(entries, made);
  if (!sameEntries(entries, all)) await writeInventory(cluster, stack, all);
  return made;
}

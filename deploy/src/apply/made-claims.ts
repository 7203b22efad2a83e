import { builtInResource } from '../cluster/built-in-kinds';
import type { Cluster } from '../cluster/cluster';
import { inParallel } from '../in-parallel';
import { keyOf, type KubernetesObject, referenceOf } from '../manifests/kubernetes-object';
import { hasLabels, type Labels, type LabelSelector } from '../manifests/selectors';
import { locate } from '../stack/find-entry';
import { type InventoryEntry, joined, sameEntries, writeInventory } from '../stack/inventory';
import { type Stack, stackId, stackLabel, stackOf } from '../stack/stack';

const claims = builtInResource('v1', 'PersistentVolumeClaim')!;

interface StatefulSetSpec {
  readonly selector: LabelSelector;
  readonly volumeClaimTemplates?: readonly ClaimTemplate[];
}

interface ClaimTemplate {
  readonly metadata: { readonly name: string; readonly labels?: Labels };
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
  const { selector, volumeClaimTemplates: templates = [] } = spec as StatefulSetSpec;
  if (templates.length === 0) return [];
  return (await cluster.list(claims, namespace)).filter((claim) => templates.some((template) => isMadeBy(claim, name, selector, template)));
}

/** A set's claims have the labels of its selector over those of their template. By its name alone one may be anybody's: where neither has any, none counts. */
function isMadeBy({ metadata }: KubernetesObject, set: string, { matchLabels = {} }: LabelSelector, { metadata: template }: ClaimTemplate): boolean {
  const wanted = Object.keys(matchLabels).length > 0 ? matchLabels : (template.labels ?? {});
  const beginning = `${template.name}-${set}-`;
  const isNamed = metadata.name.startsWith(beginning) && /^\d+$/.test(metadata.name.slice(beginning.length));
  return isNamed && Object.keys(wanted).length > 0 && hasLabels(metadata.labels ?? {}, wanted);
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

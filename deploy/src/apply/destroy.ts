import type { Cluster, Location } from '../cluster/cluster';
import { Refused } from '../exit-codes';
import { inParallel } from '../in-parallel';
import { holdsData, keepMark } from '../manifests/data-kinds';
import { keyOf, nameOf } from '../manifests/kubernetes-object';
import { leftoverEntry, locate } from '../plan/make-plan';
import type { Leftover } from '../plan/plan';
import { inventoryLocation } from '../stack/account';
import { type InventoryEntry, joined, readInventory, sameEntries, writeInventory } from '../stack/inventory';
import { forget, readRevisions } from '../stack/revisions';
import { type Stack, stackId, stackOf } from '../stack/stack';
import { withLock, type ApplyOptions } from './apply';
import { adoptClaims, madeClaims } from './made-claims';
import { pruneAll } from './prune';
import { strangersIn } from './strangers';

/** How a stack is removed. */
export interface DestroyOptions extends Pick<ApplyOptions, 'timeoutMs' | 'lock' | 'progress' | 'signal'> {
  /** Data goes too: claims, volumes, Secrets, namespaces, definitions, and what is marked to be kept. @default false */
  readonly deleteData?: boolean;
}

/** What of a stack goes and what stays. */
export async function planDestroy(cluster: Cluster, stack: Stack, deleteData: boolean): Promise<readonly Leftover[]> {
  const inventory = await readInventory(cluster, stack);
  if (inventory === undefined)
    throw new Refused(`${stack.namespace}/${stack.name} is not deployed here: there is no inventory of it in the namespace ${stack.namespace}`);
  const made = await madeClaims(cluster, inventory.entries);
  const isMade = (entry: InventoryEntry) => made.some((claim) => keyOf(claim) === keyOf(entry));
  return inParallel(joined(inventory.entries, made), (entry) => fateOf(cluster, stack, entry, deleteData, isMade(entry)));
}

async function fateOf(cluster: Cluster, stack: Stack, entry: InventoryEntry, deleteData: boolean, isMade: boolean): Promise<Leftover> {
  const { apiVersion: _, ...reference } = entry;
  const location = await locate(cluster, entry);
  const live = location && (await cluster.get(location));
  if (location === undefined || live === undefined) return { reference, fate: 'gone' };
  const found = { reference, location, live };
  if (!isMade && stackOf(live) !== stackId(stack)) return { ...found, fate: 'lost', reason: 'it is not of this stack any more' };
  const reason = deleteData ? undefined : (keepMark(live) ?? (holdsData(reference, live) ? 'it holds data' : undefined));
  if (reason !== undefined) return { ...found, fate: 'keep', reason };
  if (reference.kind !== 'Namespace') return { ...found, fate: 'prune' };
  const strangers = await strangersIn(cluster, reference.name, stack);
  return strangers.length === 0
    ? { ...found, fate: 'prune' }
    : { ...found, fate: 'keep', reason: `there is more in it that is not of this stack: ${strangers.slice(0, 5).join(', ')}` };
}

/**
 * Removes a stack: all of it but its data and, where nothing is kept, its account. What is kept stays in the inventory, so that a later apply finds it.
 *
 * @returns what was kept
 */
export async function destroy(cluster: Cluster, stack: Stack, options: DestroyOptions): Promise<readonly Leftover[]> {
  return withLock(cluster, stack, options, async (guarded) => {
    const deadline = performance.now() + options.timeoutMs;
    const all = (await readInventory(guarded, stack))?.entries ?? [];
    await adoptClaims(guarded, stack, all, all);
    const fates = await planDestroy(guarded, stack, options.deleteData ?? false);
    const own = fates.filter(({ fate, reference }) => fate === 'prune' && isAround(reference, stack));
    await pruneAll(
      guarded,
      fates.filter((leftover) => !own.includes(leftover)),
      deadline,
      options.progress,
    );
    const kept = fates.filter(({ fate }) => fate === 'keep');
    const inventory = await readInventory(guarded, stack);
    const entries = [...kept, ...own].map(leftoverEntry);
    if (entries.length > 0 && !sameEntries(inventory?.entries ?? [], entries)) await writeInventory(guarded, stack, entries);
    if (kept.length === 0) await forgetStack(guarded, stack);
    // the account is in it: it goes with all that is left
    await pruneAll(guarded, own, deadline, options.progress);
    return kept;
  });
}

/** The namespace of the stack itself, in which its lock is. */
function isAround({ kind, group, name }: Leftover['reference'], { namespace }: Stack): boolean {
  return kind === 'Namespace' && group === '' && name === namespace;
}

/** Its history, then its inventory: while that is there, a destroy that was cut is done again. The lock stays, and is free. */
async function forgetStack(cluster: Cluster, stack: Stack): Promise<void> {
  for (const { number, hasSecrets } of await readRevisions(cluster, stack)) await forget(cluster, stack, number, hasSecrets);
  await removeOwn(cluster, inventoryLocation(stack));
}

async function removeOwn(cluster: Cluster, location: Location): Promise<void> {
  const uid = (await cluster.get(location))?.metadata.uid;
  if (uid !== undefined) await cluster.delete(location, uid);
}

/** Sentences of what goes, for who has to agree to it. */
export function destroyWords(fates: readonly Leftover[]): string[] {
  const words = { prune: 'goes', keep: 'stays', gone: 'is gone already', lost: 'is left alone' } as const;
  return fates.map(
    ({ reference, fate, reason }) => `${fate === 'prune' ? '-' : ' '} ${nameOf(reference)} ${words[fate]}${reason === undefined ? '' : `: ${reason}`}`,
  );
}

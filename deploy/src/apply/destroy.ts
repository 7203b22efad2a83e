import type { Cluster, Location } from '../cluster/cluster';
import { Refused } from '../exit-codes';
import { inParallel } from '../in-parallel';
import { holdsData, keepMark } from '../manifests/data-kinds';
import { isNamespace, keyOf, nameOf, referenceOf } from '../manifests/kubernetes-object';
import { keptWithData, leftoverEntry, leftoverOf } from '../plan/make-plan';
import type { Leftover } from '../plan/plan';
import { inventoryLocation } from '../stack/account';
import { type InventoryEntry, joined, readInventory, sameEntries, writeInventory } from '../stack/inventory';
import { forget, readRevisions, recordRevision } from '../stack/revisions';
import { type Stack, stackId, stackOf } from '../stack/stack';
import { withLock, type ApplyOptions } from './apply';
import { adoptClaims, madeClaims } from './made-claims';
import { pruneAll } from './prune';
import { type Goes, goesOf, isAccount, strangersWith, strangerWords } from '../plan/strangers';

/** How a stack is removed. */
export interface DestroyOptions extends Pick<ApplyOptions, 'timeoutMs' | 'lock' | 'progress' | 'signal'> {
  /** Who destroys it: for the history, when it does not end. */
  by(): Promise<string>;
  /** Data goes too: claims, volumes, Secrets, namespaces, definitions, and what is marked to be kept. @default false */
  readonly deleteData?: boolean;
}

/** What of a stack goes and what stays. */
export async function planDestroy(cluster: Cluster, stack: Stack, deleteData: boolean): Promise<readonly Leftover[]> {
  const inventory = await readInventory(cluster, stack);
  if (inventory === undefined)
    throw new Refused(`${stack.namespace}/${stack.name} is not deployed here: there is no inventory of it in the namespace ${stack.namespace}`);
  const made = await madeClaims(cluster, stack, inventory.entries);
  const ways = { cluster, stack, deleteData, made: new Set(made.map(keyOf)), goes: goesWith(stack, inventory.entries, made) };
  const fates = await inParallel(joined(inventory.entries, made), (entry) => fateOf(entry, ways));
  return withPlacesOfKept(deleteData ? fates : await keptWithData(cluster, fates, []), stack);
}

interface Ways {
  readonly cluster: Cluster;
  readonly stack: Stack;
  readonly deleteData: boolean;
  /** Keys of claims that StatefulSets of the stack have made. */
  readonly made: ReadonlySet<string>;
  readonly goes: Goes;
}

/** What goes with a stack: what it has, claims that it made, and its account. */
function goesWith(stack: Stack, entries: readonly InventoryEntry[], made: readonly InventoryEntry[]): Goes {
  const [has, claims] = [goesOf(stack, entries), new Set(made.map(keyOf))];
  return (object) => has(object) || claims.has(keyOf(referenceOf(object))) || isAccount(object, stack);
}

async function fateOf(entry: InventoryEntry, { cluster, stack, deleteData, made, goes }: Ways): Promise<Leftover> {
  const found = await leftoverOf(cluster, entry);
  if ('fate' in found) return found;
  const { reference, live } = found;
  if (!made.has(keyOf(entry)) && stackOf(live) !== stackId(stack)) return { ...found, fate: 'lost', reason: 'it is not of this stack any more' };
  const reason = deleteData ? undefined : (keepMark(live) ?? (holdsData(reference, live) ? 'it holds data' : undefined));
  if (reason !== undefined) return { ...found, fate: 'keep', reason };
  const strangers = await strangersWith(cluster, reference, live, goes);
  return strangers.length === 0 ? { ...found, fate: 'prune' } : { ...found, fate: 'keep', reason: strangerWords(strangers) };
}

/** What is kept is found again by the stack's account: the namespaces of both stay. */
function withPlacesOfKept(fates: readonly Leftover[], stack: Stack): readonly Leftover[] {
  const kept = fates.filter(({ fate }) => fate === 'keep').map(({ reference }) => reference);
  return fates.map((leftover) => {
    const { reference, fate } = leftover;
    if (fate !== 'prune' || kept.length === 0 || !isNamespace(reference)) return leftover;
    const inIt = kept.find(({ namespace }) => namespace === reference.name);
    if (inIt !== undefined) return { ...leftover, fate: 'keep', reason: `${nameOf(inIt)} stays, which is in it` };
    return isAround(reference, stack)
      ? { ...leftover, fate: 'keep', reason: `the account of the stack is in it, by which ${nameOf(kept[0]!)} is found again` }
      : leftover;
  });
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
    const made = await adoptClaims(guarded, stack, all, all);
    const fates = await planDestroy(guarded, stack, options.deleteData ?? false);
    const number = await recordBegin(guarded, stack, options);
    const own = fates.filter(({ fate, reference }) => fate === 'prune' && isAround(reference, stack));
    const others = fates.filter((leftover) => !own.includes(leftover));
    const inventory = await readInventory(guarded, stack);
    const goes = goesWith(stack, inventory?.entries ?? [], made);
    const ways = { goes, deadline, progress: options.progress };
    const kept = [...fates.filter(({ fate }) => fate === 'keep'), ...(await pruneAll(guarded, others, ways))];
    const entries = [...kept, ...own].map(leftoverEntry);
    if (entries.length > 0 && !sameEntries(inventory?.entries ?? [], entries)) await writeInventory(guarded, stack, entries);
    if (kept.length > 0) {
      // with what is kept stays the account, by which it is found again; with the stack's namespace it goes
      await forget(guarded, stack, number, false);
      return withPlacesOfKept([...kept, ...own], stack);
    }
    if (own.length === 0) await forgetStack(guarded, stack);
    return pruneAll(guarded, own, ways);
  });
}

/** Records that it began, as an unfinished deployment of nothing: one that doesn't end is known, and a rollback leads to the release before it. @returns its number */
async function recordBegin(cluster: Cluster, stack: Stack, options: DestroyOptions): Promise<number> {
  const [by, revisions] = await Promise.all([options.by(), readRevisions(cluster, stack)]);
  const message = 'the stack is being destroyed, or that was stopped';
  return recordRevision(cluster, stack, revisions, [], { outcome: 'unfinished', at: new Date().toISOString(), by, message });
}

/** The namespace of the stack itself, in which its lock is. */
function isAround(reference: Leftover['reference'], { namespace }: Stack): boolean {
  return isNamespace(reference, namespace);
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

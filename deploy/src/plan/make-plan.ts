import type { Cluster } from '../cluster/cluster';
import { faultList, Refused, UsageError } from '../exit-codes';
import { holdsData, keepMark } from '../manifests/data-kinds';
import { keyOf, type KubernetesObject, nameOf } from '../manifests/kubernetes-object';
import type { Prepared } from '../manifests/prepare';
import { inParallel } from '../in-parallel';
import { goesWhenDone } from '../readiness/gone-job';
import { findEntry } from '../stack/find-entry';
import { joined, type Inventory, type InventoryEntry, sameEntries } from '../stack/inventory';
import { isOf, type Revision } from '../stack/revisions';
import { few, type Goes, goesOf, strangersWith, strangerWords } from './strangers';
import { type Stack, stackId, stackOf } from '../stack/stack';
import { dataBelow } from './dependents';
import { missingSecrets } from './missing-secrets';
import { liveObjects } from './live-objects';
import type { Leftover, Plan, PlannedObject } from './plan';
import { type ObjectFault, planObject } from './plan-object';

/** What a plan is made of. */
export interface PlanInput {
  readonly cluster: Cluster;
  readonly stack: Stack;
  readonly objects: readonly Prepared[];
  readonly inventory: Inventory | undefined;
  readonly revisions: readonly Revision[];
  /** Fields that others own are taken over. @default false */
  readonly forceConflicts?: boolean;
  /** Names of objects with data that may be pruned, as `Kind/namespace/name`. @default none */
  readonly pruneData?: readonly string[];
  /** None of what the stack has has to be among the objects. @default false */
  readonly replaceAll?: boolean;
  /** Secrets that pods read may be missing: what goes back to a release takes what is there. @default false */
  readonly lacksSecrets?: boolean;
  /** A plan of the same objects that was made a moment ago: only what moved since is tried again. */
  readonly earlier?: Plan;
}

/**
 * What apply would do: each object tried on the server without being stored, and each object that the stack has and the manifests don't looked at.
 *
 * @throws UsageError when the cluster finds manifests wrong, or Secrets that pods read are missing
 * @throws Refused when objects are somebody else's, or fields of them are, or can't be changed, or a namespace is being deleted
 */
export async function makePlan(input: PlanInput): Promise<Plan> {
  const { cluster, stack, objects, inventory, revisions, forceConflicts = false, lacksSecrets = false, earlier } = input;
  refuseStrangers(input);
  const context = {
    cluster,
    stack,
    all: objects,
    lookAt: liveObjects(cluster, stack, objects),
    forceConflicts,
    known: new Set(inventory?.entries.map(keyOf)),
    ...(earlier && { earlier: new Map(earlier.objects.map((planned) => [keyOf(planned.reference), planned])) }),
  };
  const [results, leftovers, missing] = await Promise.all([
    inParallel(objects, (object) => planObject(object, context)),
    findLeftovers(input),
    lacksSecrets ? [] : missingSecrets(cluster, objects),
  ]);
  throwFaults([
    ...results.filter((result): result is ObjectFault => 'fault' in result),
    ...missing.map((fault) => ({ fault, isManifests: true })),
    ...(await refusedPrunes(input, leftovers)),
    ...(await refusedReplacements(
      cluster,
      results.filter((result): result is PlannedObject => !('fault' in result)),
    )),
  ]);
  const last = revisions.at(-1);
  return {
    stack,
    objects: results.filter((result): result is PlannedObject => !('fault' in result)),
    leftovers,
    inventoryDiffers: !sameEntries(inventory?.entries ?? [], entriesAfter(objects, leftovers)),
    recordsRevision:
      last?.outcome !== 'healthy' ||
      !(await isOf(
        cluster,
        stack,
        last,
        objects.map(({ object }) => object),
      )),
  };
}

/** Two folders of one name would prune each other's objects. */
function refuseStrangers({ stack, objects, inventory, replaceAll = false }: PlanInput): void {
  const had = new Set(inventory?.entries.filter((entry) => !holdsData(entry)).map(keyOf));
  if (replaceAll || had.size === 0 || objects.some(({ reference }) => had.has(keyOf(reference)))) return;
  throw new Refused(
    `none of the ${had.size} objects of the stack ${stack.namespace}/${stack.name} is in these manifests: is this another stack? Give it another name with --name, or say --replace-all`,
  );
}

function throwFaults(faults: readonly ObjectFault[]): void {
  if (faults.length === 0) return;
  const words = faultList(
    `these manifests can't be applied, for ${faults.length} reasons`,
    faults.map(({ fault }) => fault),
  );
  throw faults.some(({ isManifests }) => isManifests) ? new UsageError(words) : new Refused(words);
}

/** How an object is found again. */
export function entryOf({ object, reference }: Prepared): InventoryEntry {
  return { ...reference, apiVersion: object.apiVersion, ...(goesWhenDone(object) && { goesWhenDone: true }) };
}

/** What the inventory says when all is done: what is applied, and what is kept although no manifest has it. */
export function entriesAfter(objects: readonly Prepared[], leftovers: readonly Leftover[]): InventoryEntry[] {
  const kept = leftovers.filter(({ fate }) => fate === 'keep');
  return joined(kept.map(leftoverEntry), objects.map(entryOf));
}

/** How an object that is there, and in no manifest, is found again. */
export function leftoverEntry({ reference, apiVersion }: Leftover): InventoryEntry {
  return { ...reference, apiVersion };
}

/** An object that the stack has, as it is live; or why there is none. */
export async function leftoverOf(cluster: Cluster, entry: InventoryEntry): Promise<Leftover | FoundLeftover> {
  const { apiVersion, ...reference } = entry;
  const found = await findEntry(cluster, entry);
  if (found.state === 'gone') return { reference, apiVersion, fate: 'gone' };
  if (found.state === 'hidden') return { reference, apiVersion, fate: 'keep', reason: found.reason };
  const { location, live } = found;
  return { reference, apiVersion: location.resource.apiVersion, location, live };
}

type FoundLeftover = Omit<Leftover, 'fate' | 'reason'> & Required<Pick<Leftover, 'location' | 'live'>>;

async function findLeftovers(input: PlanInput): Promise<Leftover[]> {
  const wanted = new Set(input.objects.map(({ reference }) => keyOf(reference)));
  const entries = (input.inventory?.entries ?? []).filter((entry) => !wanted.has(keyOf(entry)));
  return keptWithData(input.cluster, await inParallel(entries, (entry) => lookAt(entry, input)), input.pruneData ?? []);
}

/** What would be pruned stays where the cluster would delete data with it, which belongs to it. @param flagged - names of what goes all the same */
export async function keptWithData(cluster: Cluster, leftovers: readonly Leftover[], flagged: readonly string[]): Promise<Leftover[]> {
  const isAsked = ({ reference, fate }: Leftover) => fate === 'prune' && !flagged.includes(nameOf(reference));
  const asked = leftovers.filter(isAsked);
  const below = await dataBelow(
    cluster,
    asked.map(({ live }) => live!),
  );
  return leftovers.map((leftover) => {
    const data = below.get(leftover.live?.metadata.uid ?? '');
    if (data === undefined || !isAsked(leftover)) return leftover;
    return { ...leftover, fate: 'keep', reason: `with it would go what belongs to it and holds data: ${few(data)}` };
  });
}

/** What is made anew is deleted first. */
async function refusedReplacements(cluster: Cluster, objects: readonly PlannedObject[]): Promise<ObjectFault[]> {
  const replaced = objects.filter(({ action, live }) => action === 'replace' && live !== undefined && live.metadata.deletionTimestamp === undefined);
  const below = await dataBelow(
    cluster,
    replaced.map(({ live }) => live!),
  );
  return replaced.flatMap(({ place, reference, live }) => {
    const data = below.get(live!.metadata.uid!);
    if (data === undefined) return [];
    const fault = `${place}: ${nameOf(reference)} is not deleted to be made anew: with it would go what belongs to it and holds data: ${few(data)}: give it another name`;
    return [{ fault, isManifests: false }];
  });
}

async function lookAt(entry: InventoryEntry, { cluster, stack, pruneData = [] }: PlanInput): Promise<Leftover> {
  const found = await leftoverOf(cluster, entry);
  if ('fate' in found) return found;
  const { live } = found;
  if (stackOf(live) !== stackId(stack))
    return { ...found, fate: 'lost', reason: stackOf(live) === undefined ? "somebody took the stack's label off" : `the stack ${stackOf(live)} has it now` };
  const reason = keptBecause(found, pruneData);
  return reason === undefined ? { ...found, fate: 'prune' } : { ...found, fate: 'keep', reason };
}

/** What goes when a plan prunes. */
export function goesWithPrune(stack: Stack, leftovers: readonly Leftover[]): Goes {
  return goesOf(
    stack,
    leftovers.filter(({ fate }) => fate === 'prune').map(({ reference }) => reference),
  );
}

/** Each object with data goes for its own flag alone: one flag doesn't take along what is of others, in the manifests, or kept. */
async function refusedPrunes({ cluster, stack }: PlanInput, leftovers: readonly Leftover[]): Promise<ObjectFault[]> {
  const goes = goesWithPrune(stack, leftovers);
  const faults = await inParallel(
    leftovers.filter(({ fate }) => fate === 'prune'),
    async ({ reference, live }) => {
      const strangers = await strangersWith(cluster, reference, live!, goes);
      return strangers.length === 0
        ? undefined
        : `${nameOf(reference)} is not pruned: ${strangerWords(strangers)}: leave --prune-data ${nameOf(reference)} out`;
    },
  );
  return faults.filter((fault) => fault !== undefined).map((fault) => ({ fault, isManifests: false }));
}

function keptBecause(
  { reference, live }: { readonly reference: InventoryEntry | Leftover['reference']; readonly live: KubernetesObject },
  pruneData: readonly string[],
): string | undefined {
  const mark = keepMark(live);
  if (mark !== undefined) return mark;
  return holdsData(reference, live) && !pruneData.includes(nameOf(reference)) ? 'it holds data' : undefined;
}

/** Objects of a plan that were not there, or are not as they should be. */
export function writesOf({ objects }: Plan): readonly PlannedObject[] {
  return objects.filter(({ action }) => action !== 'unchanged');
}

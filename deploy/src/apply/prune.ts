import type { Cluster } from '../cluster/cluster';
import { CommandError } from '../exit-codes';
import { inParallel } from '../in-parallel';
import { type KubernetesObject, nameOf } from '../manifests/kubernetes-object';
import { leftoverEntry } from '../plan/make-plan';
import type { Leftover } from '../plan/plan';
import { type Goes, strangersWith, strangerWords } from '../plan/strangers';
import { findEntry } from '../stack/find-entry';
import type { InventoryEntry } from '../stack/inventory';
import type { Progress } from './progress';
import { inStagesOfRemoval } from './stages';
import { untilGone } from './write-object';

/** How objects are pruned. */
export interface PruneWays {
  /** What goes anyway. */
  readonly goes: Goes;
  readonly deadline: number;
  readonly progress: Progress;
}

/**
 * Deletes what is to be pruned, stage by stage, and waits until each is gone. What would take something along that came since the plan was made stays.
 *
 * @returns what stays after all
 * @throws NotHealthy when something isn't gone in time, with what keeps it
 */
export async function pruneAll(cluster: Cluster, leftovers: readonly Leftover[], ways: PruneWays): Promise<readonly Leftover[]> {
  const doomed = leftovers.filter(({ fate }) => fate === 'prune');
  const kept: Leftover[] = [];
  for (const stage of inStagesOfRemoval(doomed, ({ reference }) => reference))
    kept.push(...(await inParallel(stage, (leftover) => prune(cluster, leftover, ways))).filter((result) => result !== undefined));
  return kept;
}

async function prune(cluster: Cluster, leftover: Leftover, { goes, deadline, progress }: PruneWays): Promise<Leftover | undefined> {
  const { reference } = leftover;
  const { uid } = leftover.live!.metadata;
  const entry = leftoverEntry(leftover);
  const found = await findEntry(cluster, entry);
  if (found.state === 'hidden') return stays(leftover, found.reason, progress);
  if (found.state === 'gone' || found.live.metadata.uid !== uid) return undefined;
  if (!goes(found.live)) return stays(leftover, 'it is not of this stack any more', progress);
  const strangers = await strangersWith(cluster, reference, found.live, goes);
  if (strangers.length > 0) return stays(leftover, strangerWords(strangers), progress);
  if (found.live.metadata.deletionTimestamp === undefined) await cluster.delete(found.location, uid!);
  await untilGone(
    { get: () => deleted(cluster, entry, uid!), stop: cluster.stop },
    found.location,
    uid!,
    deadline,
    (left) => `${nameOf(reference)} is to be pruned and ${left}`,
  );
  progress.did('pruned', reference);
  return undefined;
}

/** Deletes it in the version in which it is served just now, where that is another one than a moment ago. @returns what is still there */
async function deleted(cluster: Cluster, entry: InventoryEntry, uid: string): Promise<KubernetesObject | undefined> {
  const found = await findEntry(cluster, entry);
  if (found.state === 'hidden') throw new CommandError(`${nameOf(entry)} can't be pruned: ${found.reason}`);
  if (found.state === 'gone') return undefined;
  if (found.live.metadata.uid === uid && found.live.metadata.deletionTimestamp === undefined) await cluster.delete(found.location, uid);
  return found.live;
}

function stays(leftover: Leftover, reason: string, progress: Progress): Leftover {
  progress.note(`${nameOf(leftover.reference)} stays: ${reason}`);
  return { ...leftover, fate: 'keep', reason };
}

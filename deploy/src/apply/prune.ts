import type { Cluster } from '../cluster/cluster';
import { inParallel } from '../in-parallel';
import { nameOf } from '../manifests/kubernetes-object';
import type { Leftover } from '../plan/plan';
import type { Progress } from './progress';
import { inStages } from './stages';
import { type Goes, strangersWith, strangerWords } from '../plan/strangers';
import { untilGone } from './write-object';

/** How objects are pruned. */
export interface PruneWays {
  /** What goes anyway. */
  readonly goes: Goes;
  readonly deadline: number;
  readonly progress: Progress;
}

/**
 * Deletes what is to be pruned, in the opposite order in which it was applied, and waits until it is gone. What would take something along that came
 * since the plan was made stays.
 *
 * @returns what stays after all
 * @throws NotHealthy when something isn't gone in time, with what keeps it
 */
export async function pruneAll(cluster: Cluster, leftovers: readonly Leftover[], ways: PruneWays): Promise<readonly Leftover[]> {
  const doomed = leftovers.filter(({ fate }) => fate === 'prune');
  const kept: Leftover[] = [];
  for (const stage of inStages(doomed, ({ reference }) => reference).reverse())
    kept.push(...(await inParallel(stage, (leftover) => prune(cluster, leftover, ways))).filter((result) => result !== undefined));
  return kept;
}

async function prune(cluster: Cluster, leftover: Leftover, { goes, deadline, progress }: PruneWays): Promise<Leftover | undefined> {
  const { reference, location, live } = leftover;
  const strangers = await strangersWith(cluster, reference, live!, goes);
  if (strangers.length > 0) {
    const reason = strangerWords(strangers);
    progress.note(`${nameOf(reference)} stays: ${reason}`);
    return { ...leftover, fate: 'keep', reason };
  }
  const { uid } = live!.metadata;
  await cluster.delete(location!, uid!);
  await untilGone(cluster, location!, uid!, deadline, (left) => `${nameOf(reference)} is to be pruned and ${left}`);
  progress.did('pruned', reference);
  return undefined;
}

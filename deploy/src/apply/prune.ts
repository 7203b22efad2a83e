import type { Cluster } from '../cluster/cluster';
import { inParallel } from '../in-parallel';
import { nameOf } from '../manifests/kubernetes-object';
import type { Leftover } from '../plan/plan';
import type { Progress } from './progress';
import { inStages } from './stages';
import { untilGone } from './write-object';

/**
 * Deletes what is to be pruned, in the opposite order in which it was applied, and waits until it is gone.
 *
 * @throws NotHealthy when something isn't gone in time, with what keeps it
 */
export async function pruneAll(cluster: Cluster, leftovers: readonly Leftover[], deadline: number, progress: Progress): Promise<void> {
  const doomed = leftovers.filter(({ fate }) => fate === 'prune');
  for (const stage of inStages(doomed, ({ reference }) => reference).reverse())
    await inParallel(stage, async ({ reference, location, live }) => {
      const { uid } = live!.metadata;
      await cluster.delete(location!, uid!);
      await untilGone(cluster, location!, uid!, deadline, (left) => `${nameOf(reference)} is to be pruned and ${left}`);
      progress.did('pruned', reference);
    });
}

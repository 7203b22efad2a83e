import { join } from 'node:path';
import { type ApplyOptions, withLock } from '../apply/apply';
import type { Cluster } from '../cluster/cluster';
import { CommandError, Refused } from '../exit-codes';
import { nameOf } from '../manifests/kubernetes-object';
import type { Stack } from '../stack/stack';
import { type ArchiveManifest, readArchive } from './archive';
import { migrateAgain } from './migrate-again';
import { type Replacement, replacements } from './restore-checks';
import { deletePods, type PodWait, untilReplaced } from './restart-pods';
import { chosenStores, readStores } from './store';
import { beginRestore, type Restoring } from './store-copies';

/** What is to be restored. */
export interface RestorePlan {
  readonly folder: string;
  readonly archive: ArchiveManifest;
  /** In the order in which they were copied. */
  readonly replacements: readonly Replacement[];
}

/** How a restore goes. */
export interface RestoreOptions extends Pick<ApplyOptions, 'timeoutMs' | 'lock' | 'progress' | 'signal'> {
  /** Data that are there may be lost. */
  readonly overwrite: boolean;
}

/**
 * Looks at an archive and at the stack: whether the one can be restored into the other. Changes nothing.
 *
 * @throws UsageError, Refused
 */
export async function planRestore(
  cluster: Cluster,
  stack: Stack,
  folder: string,
  { services, isAnyStack }: { readonly services?: readonly string[] | undefined; readonly isAnyStack: boolean },
): Promise<RestorePlan> {
  const archive = await readArchive(folder);
  const stores = chosenStores(await readStores(cluster, stack), services);
  return { folder, archive, replacements: replacements(archive, stack, stores, isAnyStack) };
}

/**
 * Puts the copies of an archive in the place of the stores. Each is brought in beside what is served, and looked through; only when all of them are
 * there and good, each takes its place in one step, and the service's pods are made anew. Until then nothing that is served has changed, and stopped
 * after that the next run ends where an uncut one would have.
 *
 * @throws Refused when there are data, and they may not be lost
 * @throws NotHealthy when the services don't become ready on what was restored
 */
export async function restore(cluster: Cluster, stack: Stack, { folder, replacements: wanted }: RestorePlan, options: RestoreOptions): Promise<void> {
  await withLock(cluster, stack, options, async (guarded) => {
    const deadline = performance.now() + options.timeoutMs;
    const begun: Restoring[] = [];
    try {
      for (const { store } of wanted) begun.push(await beginRestore(guarded, store, deadline, options.signal));
      if (!options.overwrite) await refuseData(begun);
      for (const [i, restoring] of begun.entries()) {
        const { archived } = wanted[i]!;
        await restoring.stage(archived, join(folder, archived.file));
        options.progress.did('brought in and looked through the backup of', restoring.store.reference);
      }
      await switchAll(guarded, stack, wanted, begun, { ...options, deadline });
    } finally {
      for (const restoring of begun) await restoring.cleanUp().catch((error: unknown) => options.progress.note(leftWords(restoring, error)));
    }
  });
}

function leftWords({ store }: Restoring, error: unknown): string {
  return `${nameOf(store.reference)}: what was brought in could not be removed again (${(error as Error).message}); the next restore does that`;
}

async function refuseData(begun: readonly Restoring[]): Promise<void> {
  const full: string[] = [];
  for (const restoring of begun) if (await restoring.holdsData()) full.push(nameOf(restoring.store.reference));
  if (full.length > 0) throw new Refused(`there are data in ${full.join(' and ')}: say --overwrite when they may be lost; nothing was changed`);
}

/** Those to which others refer go first. */
async function switchAll(
  cluster: Cluster,
  stack: Stack,
  wanted: readonly Replacement[],
  begun: readonly Restoring[],
  options: RestoreOptions & PodWait,
): Promise<void> {
  const gone = [];
  for (const restoring of begun.toReversed()) {
    await restoring.switchOver(options.overwrite);
    gone.push({ restoring, going: await deletePods(cluster, restoring.store) });
  }
  await migrateAgain(cluster, stack, wanted, options.deadline, options.progress);
  for (const { restoring, going } of gone) {
    const { store } = restoring;
    await untilReplaced(cluster, store, going, options);
    if (!(await restoring.isServed())) throw new CommandError(`${nameOf(store.reference)} serves something else than was restored: run the command again`);
    options.progress.did('restored', store.reference);
  }
}

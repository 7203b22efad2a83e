import { join } from 'node:path';
import { type ApplyOptions, withLock } from '../apply/apply';
import type { Cluster } from '../cluster/cluster';
import { CommandError, Refused } from '../exit-codes';
import { nameOf } from '../manifests/kubernetes-object';
import type { Stack } from '../stack/stack';
import { type ArchiveManifest, readArchive } from './archive';
import { migrateAgain } from './migrate-again';
import { type Replacement, replacements } from './restore-checks';
import { deletePods, type Going, type PodWait, untilReplaced } from './restart-pods';
import { chosenStores, readStores } from './store';
import type { Restoring } from './restoring';
import { beginRestore } from './store-copies';

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
    const begun: Begun[] = [];
    try {
      for (const { store, archived } of wanted) {
        guarded.checkMayWrite();
        begun.push({ store, archived, restoring: await beginRestore(cluster, guarded, store, deadline, options.signal) });
      }
      if (!options.overwrite) await refuseData(begun);
      for (const { restoring, store, archived } of begun) {
        await restoring.stage(archived, join(folder, archived.file));
        options.progress.did('brought in and looked through the backup of', store.reference);
      }
      await switchAll(guarded, stack, begun, { ...options, deadline });
    } finally {
      await cleanUp(begun, options);
    }
  });
}

interface Begun extends Replacement {
  readonly restoring: Restoring;
}

async function cleanUp(begun: readonly Begun[], { progress }: Pick<RestoreOptions, 'progress'>): Promise<void> {
  for (const { restoring, store } of begun)
    await restoring.cleanUp().catch((error: unknown) => {
      progress.note(`${nameOf(store.reference)}: what was brought in could not be removed again (${(error as Error).message}): the next restore does that`);
    });
}

async function refuseData(begun: readonly Begun[]): Promise<void> {
  const full: string[] = [];
  for (const { restoring, store } of begun) if (await restoring.holdsData()) full.push(nameOf(store.reference));
  if (full.length > 0) throw new Refused(`there are data in ${full.join(' and ')}: say --overwrite when they may be lost; nothing was changed`);
}

/** Those to which others refer go first. */
async function switchAll(cluster: Cluster, stack: Stack, begun: readonly Begun[], options: RestoreOptions & PodWait): Promise<void> {
  const switched: (Begun & { readonly going: Going })[] = [];
  for (const one of begun.toReversed()) {
    await one.restoring.switchOver(options.overwrite);
    switched.push({ ...one, going: await deletePods(cluster, one.store) });
  }
  await migrateAgain(cluster, stack, begun, options.deadline, options.progress);
  for (const { restoring, store, going } of switched) {
    await untilReplaced(cluster, store, going, options);
    if (!(await restoring.isServed())) throw new CommandError(`${nameOf(store.reference)} serves something else than was restored: run the command again`);
    options.progress.did('restored', store.reference);
  }
}

import type { Cluster } from '../cluster/cluster';
import { clusterUid } from '../cluster/known-clusters';
import { withLock, type ApplyOptions } from '../apply/apply';
import { CommandError } from '../exit-codes';
import { nameOf } from '../manifests/kubernetes-object';
import type { Stack } from '../stack/stack';
import { version } from '../version';
import { type ArchivedStore, archivedStore, type ArchiveManifest, beginArchive } from './archive';
import { chosenStores, readStores } from './store';
import { takeCopy } from './store-copies';

/** How a backup is made. */
export interface BackupOptions extends Pick<ApplyOptions, 'lock' | 'progress' | 'signal'> {
  /** Where the archive goes. */
  readonly to: string;
  /** Those alone. @default all */
  readonly services?: readonly string[];
}

/** A backup that was made. */
export interface BackupMade {
  readonly archive: string;
  readonly manifest: ArchiveManifest;
}

/**
 * Copies the stores of a stack while they are served, one after the other, those first that refer to others. It is an archive only when all of them
 * are in it. Nobody deploys meanwhile.
 *
 * @throws UsageError when there is nothing to copy, or nowhere to put it
 */
export async function takeBackup(cluster: Cluster, stack: Stack, { to, services, ...options }: BackupOptions): Promise<BackupMade> {
  const stores = chosenStores(await readStores(cluster, stack), services);
  const uid = await clusterUid(cluster);
  const archive = await beginArchive(to, stack);
  try {
    return await withLock(cluster, stack, options, async () => {
      const startedAt = new Date().toISOString();
      const archived: ArchivedStore[] = [];
      for (const store of stores) {
        const file = `${store.service}.${store.kind === 'sqlite' ? 'db' : 'dump'}`;
        const copy = await takeCopy(cluster, store, archive.pathOf(file), options.signal);
        if (copy.facts.service !== store.service)
          throw new CommandError(`${nameOf(store.reference)}: its database says that it is of ${copy.facts.service}: point it to a database of its own`);
        archived.push(archivedStore(store.kind, file, copy));
        options.progress.did('copied', store.reference);
      }
      const manifest: ArchiveManifest = {
        format: 1,
        stack: stack.name,
        namespace: stack.namespace,
        cluster: uid,
        startedAt,
        finishedAt: new Date().toISOString(),
        berth: version,
        stores: archived,
      };
      return { archive: await archive.finish(manifest), manifest };
    });
  } catch (error) {
    await archive.discard();
    throw error;
  }
}

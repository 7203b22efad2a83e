import { writeObject } from '../apply/write-object';
import type { Cluster } from '../cluster/cluster';
import { CommandError } from '../exit-codes';
import { nameOf } from '../manifests/kubernetes-object';
import { prepare } from '../manifests/prepare';
import type { Progress } from '../apply/progress';
import { readRevisions } from '../stack/revisions';
import type { Stack } from '../stack/stack';
import type { Replacement } from './restore-checks';

/** On a Job: the workload whose schema it brings up to date. */
const migratesAnnotation = 'berth.dev/migrates';

/**
 * Runs the deployed release's migrations once more where a restored schema is older. A Job that has run never runs again, so it is deleted and made
 * anew from the manifests that are deployed. Services that migrate by themselves have none.
 */
export async function migrateAgain(cluster: Cluster, stack: Stack, replaced: readonly Replacement[], deadline: number, progress: Progress): Promise<void> {
  const older = replaced.filter(({ store, archived }) => store.schema !== undefined && archived.schema < store.schema).map(({ store }) => store.service);
  if (older.length === 0) return;
  const last = (await readRevisions(cluster, stack)).at(-1);
  if (last !== undefined && last.objects === undefined)
    throw new CommandError(`revision ${last.number} can't be read, by which migrations run again: apply the manifests, and restore once more`);
  const jobs = (last?.objects ?? []).filter(({ kind, metadata }) => kind === 'Job' && older.includes(metadata.annotations?.[migratesAnnotation] ?? ''));
  const manifests = jobs.map((object) => ({ object, place: 'the last revision' }));
  for (const job of await prepare(manifests, stack, cluster.discovery, undefined)) {
    const live = await cluster.get(job.location);
    await writeObject(
      cluster,
      { ...job, action: live ? 'replace' : 'create', changes: [], verified: true, notes: [], force: true, ...(live && { live }) },
      deadline,
    );
    progress.note(`${nameOf(job.reference)} runs again, because the backup has an older schema`);
  }
}

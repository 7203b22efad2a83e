import { faultList, Refused } from '../exit-codes';
import { nameOf } from '../manifests/kubernetes-object';
import type { Stack } from '../stack/stack';
import type { ArchivedStore, ArchiveManifest } from './archive';
import type { ReachableStore } from './store';

/** A store, and the copy that takes its place. */
export interface Replacement {
  readonly store: ReachableStore;
  readonly archived: ArchivedStore;
}

/**
 * Which copy goes where.
 *
 * @param stores - those that are meant
 * @throws Refused when the archive is of another stack, has none for a store, or one that its release can't serve
 */
export function replacements(archive: ArchiveManifest, stack: Stack, stores: readonly ReachableStore[], isAnyStack: boolean): readonly Replacement[] {
  if (!isAnyStack && (archive.stack !== stack.name || archive.namespace !== stack.namespace))
    throw new Refused(
      `the backup is of ${archive.namespace}/${archive.stack}, and this is ${stack.namespace}/${stack.name}: say --any-stack when that is meant; nothing was changed`,
    );
  const found = stores.map((store) => ({ store, archived: archive.stores.find(({ service }) => service === store.service) }));
  const faults = found.flatMap(({ store, archived }) => faultsOf(store, archived, archive));
  if (faults.length > 0) throw new Refused(`${faultList(`${faults.length} stores can't be restored`, faults)}; nothing was changed`);
  return found.map(({ store, archived }) => ({ store, archived: archived! }));
}

function faultsOf(store: ReachableStore, archived: ArchivedStore | undefined, { stores }: ArchiveManifest): string[] {
  const name = nameOf(store.reference);
  if (archived === undefined) {
    const known = stores.map(({ service }) => service).toSorted();
    return [`${name}: the backup has no store of ${store.service}: name those that are meant with --service, of ${known.join(', ')}`];
  }
  if (archived.kind !== store.kind)
    return [`${name} has its data in ${words[store.kind]}, and the backup is of ${words[archived.kind]}: deploy it on that first`];
  if (store.schema !== undefined && archived.schema > store.schema)
    return [`${name}: the backup has schema ${archived.schema}, and the deployed release knows ${store.schema}: deploy the newer release first`];
  return [];
}

const words = { sqlite: 'a SQLite file', postgres: 'PostgreSQL' } as const;

import type { Cluster, Location } from '../cluster/cluster';
import { UsageError } from '../exit-codes';
import { inParallel } from '../in-parallel';
import { isObject } from '../manifests/json';
import { type KubernetesObject, nameOf, type ObjectReference } from '../manifests/kubernetes-object';
import { locate } from '../stack/find-entry';
import { readInventory } from '../stack/inventory';
import type { Stack } from '../stack/stack';

/** On a workload: how its data are backed up, as JSON. It is written with the manifests. */
export const backupAnnotation = 'berth.dev/backup';

/** On a workload: the schema that its release leads to. */
const schemaAnnotation = 'berth.dev/schema';

interface StoreBase {
  /** The workload's name. */
  readonly service: string;
  readonly workload: KubernetesObject;
  readonly reference: ObjectReference;
  readonly location: Location;
  /** Other services to whose data this one's refer. */
  readonly references: readonly string[];
  /** The newest schema that the deployed release knows; nothing where its manifest doesn't say. */
  readonly schema: number | undefined;
}

/** A SQLite file, which a program in the workload's own container copies and puts back. */
export interface SqliteStore extends StoreBase {
  readonly kind: 'sqlite';
  readonly container: string;
  /** Writes a copy to stdout. */
  readonly backup: readonly string[];
  /** With `stage`, `switch`, `switch overwrite`, `status` and `discard`. */
  readonly restore: readonly string[];
}

/** A database of a PostgreSQL server whose pod can be got at. */
export interface PostgresStore extends StoreBase {
  readonly kind: 'postgres';
  readonly database: string;
  /** Owns what is restored. */
  readonly role: string;
  readonly server: { readonly container: string; readonly labels: Readonly<Record<string, string>> };
  /** Asks for `service` and `schema`: whose database it is, and its newest migration. */
  readonly schemaQuery: string;
  /** Tables whose rows are no data of the service's own. */
  readonly bookkeeping: readonly string[];
}

/** A database outside of the cluster. */
export interface ExternalStore extends StoreBase {
  readonly kind: 'external-postgres';
  readonly database: string;
  readonly host: string;
  readonly port: number;
}

/** Where a service's data are. */
export type Store = SqliteStore | PostgresStore | ExternalStore;

/** A store that Berth can copy. */
export type ReachableStore = SqliteStore | PostgresStore;

/**
 * The stores of a deployed stack, as its live workloads say, those first that refer to others.
 *
 * @throws UsageError when it isn't deployed, has none, or an annotation is none
 */
export async function readStores(cluster: Cluster, stack: Stack): Promise<readonly Store[]> {
  const inventory = await readInventory(cluster, stack);
  if (inventory === undefined) throw new UsageError(`${stack.namespace}/${stack.name} is not deployed here: berth apply deploys it`);
  const workloads = inventory.entries.filter(({ group }) => group === 'apps');
  const stores = await inParallel(workloads, async (entry) => {
    const location = await locate(cluster, entry);
    const workload = location && (await cluster.get(location));
    const { apiVersion: _, ...reference } = entry;
    return location && workload ? storeOf(workload, reference, location) : undefined;
  });
  const found = stores.filter((store) => store !== undefined);
  if (found.length === 0)
    throw new UsageError(`no workload of ${stack.namespace}/${stack.name} says how its data are backed up: it would have the annotation ${backupAnnotation}`);
  return referringFirst(found);
}

/** The stores that are meant. @throws UsageError when a name is of none, or a store is out of reach */
export function chosenStores(stores: readonly Store[], services: readonly string[] | undefined): readonly ReachableStore[] {
  const known = stores.map(({ service }) => service);
  const unknown = services?.filter((service) => !known.includes(service)) ?? [];
  if (unknown.length > 0) throw new UsageError(`--service ${unknown.join(' ')}: the stack has no such store; there are ${known.toSorted().join(', ')}`);
  return stores.filter(({ service }) => services?.includes(service) ?? true).map(reachable);
}

function reachable(store: Store): ReachableStore {
  if (store.kind !== 'external-postgres') return store;
  const { reference, database, host, port } = store;
  throw new UsageError(
    `${nameOf(reference)}: its database ${database} is on ${host}:${port}, outside of the cluster, where Berth has no way in: copy it there with pg_dump, or by its provider’s own backups, and name the other stores with --service`,
  );
}

/** In this order nothing that is copied refers to what was copied before it was made. Those that refer to each other go by name. */
export function referringFirst<One extends Pick<Store, 'service' | 'references'>>(stores: readonly One[]): One[] {
  const ordered: One[] = [];
  let left = stores.toSorted((one, other) => (one.service < other.service ? -1 : 1));
  while (left.length > 0) {
    const next = left.find(({ service }) => !left.some((other) => other.service !== service && other.references.includes(service))) ?? left[0]!;
    ordered.push(next);
    left = left.filter((store) => store !== next);
  }
  return ordered;
}

/** Longest name of a database: others are made beside it whose names are longer, and PostgreSQL cuts at 63 bytes. */
const longestDatabase = 48;

function storeOf(workload: KubernetesObject, reference: ObjectReference, location: Location): Store | undefined {
  const { annotations = {}, name } = workload.metadata;
  const text = annotations[backupAnnotation];
  if (text === undefined) return undefined;
  const said = parsed(text);
  const schema = /^\d+$/.test(annotations[schemaAnnotation] ?? '') ? Number(annotations[schemaAnnotation]) : undefined;
  const base: StoreBase = { service: name, workload, reference, location, references: texts(said?.['references']) ?? [], schema };
  const store = said && (sqlite(base, said) ?? postgres(base, said) ?? external(base, said));
  if (store === undefined)
    throw new UsageError(`${nameOf(reference)}: its annotation ${backupAnnotation} is none that this berth knows: take the berth that wrote the manifests`);
  return store;
}

type Said = Readonly<Record<string, unknown>>;

function parsed(text: string): Said | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function sqlite(base: StoreBase, { kind, container, backup, restore }: Said): SqliteStore | undefined {
  const [copies, restores] = [texts(backup), texts(restore)];
  if (kind !== 'sqlite' || typeof container !== 'string' || !copies?.length || !restores?.length) return undefined;
  return { ...base, kind, container, backup: copies, restore: restores };
}

function postgres(base: StoreBase, { kind, database, role, server, schemaQuery, bookkeeping }: Said): PostgresStore | undefined {
  if (kind !== 'postgres' || typeof database !== 'string' || Buffer.byteLength(database) > longestDatabase) return undefined;
  if (typeof role !== 'string' || typeof schemaQuery !== 'string' || !isObject(server) || typeof server['container'] !== 'string') return undefined;
  const { container, labels } = server;
  if (!isObject(labels) || !Object.values(labels).every((label) => typeof label === 'string')) return undefined;
  return { ...base, kind, database, role, schemaQuery, server: { container, labels: labels as Record<string, string> }, bookkeeping: texts(bookkeeping) ?? [] };
}

function external(base: StoreBase, { kind, database, host, port }: Said): ExternalStore | undefined {
  if (kind !== 'external-postgres' || typeof database !== 'string' || typeof host !== 'string' || typeof port !== 'number') return undefined;
  return { ...base, kind, database, host, port };
}

function texts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined;
}

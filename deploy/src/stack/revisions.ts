import { gunzipSync, gzipSync } from 'node:zlib';
import type { Cluster, Location } from '../cluster/cluster';
import { Refused, UsageError } from '../exit-codes';
import { canonical, isObject } from '../manifests/json';
import type { KubernetesObject } from '../manifests/kubernetes-object';
import { withoutNulls } from '../manifests/nulls';
import { listRevisions, revisionLabel, revisionLocation, revisionSecretLocation } from './account';
import type { Stack } from './stack';

/** How a deployment ended. `unfinished`: it has not ended, because it is under way, or because it was cut. */
export type Outcome = 'healthy' | 'failed' | 'unfinished';

/** What is known of a deployment beside its manifests. */
export interface RevisionNotes {
  readonly outcome: Outcome;
  /** When it ended, or began where it is unfinished, by ISO 8601. */
  readonly at: string;
  /** As the cluster knows the one who deployed. */
  readonly by: string;
  /** Git's revision of the manifests; `-dirty` where they differ from it. Nothing outside of a checkout. */
  readonly git?: string;
  /** A sentence: why it failed, or what was rolled back to. */
  readonly message?: string;
}

/** One deployment of a stack. */
export interface Revision extends RevisionNotes {
  /** From 1, in the order in which they began. What follows an unfinished one takes its number. */
  readonly number: number;
  /** The manifests that it has, Secrets without their values; nothing when they can't be read, because somebody has broken them. */
  readonly objects: readonly KubernetesObject[] | undefined;
  readonly hasSecrets: boolean;
}

/** Revisions that are kept. */
export const keptRevisions = 10;

/** Bytes that etcd takes for one object, less what its metadata needs. https://etcd.io/docs/v3.6/dev-guide/limit/ */
const largestRevision = 1_000_000;

/** A stack's revisions, the oldest first. */
export async function readRevisions(cluster: Cluster, stack: Stack): Promise<Revision[]> {
  const objects = await listRevisions(cluster, stack);
  return objects.map(toRevision).sort((one, other) => one.number - other.number);
}

interface StoredRevision extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: { readonly manifests?: string };
}

function toRevision(object: KubernetesObject): Revision {
  const { metadata, data = {}, binaryData } = object as StoredRevision;
  const { outcome, at = '', by = '', git, message, secrets } = data;
  let read: Pick<Revision, 'objects'> | undefined;
  return {
    number: Number(metadata.name.slice(metadata.name.lastIndexOf('-') + 1)),
    outcome: outcome === 'healthy' || outcome === 'unfinished' ? outcome : 'failed',
    at,
    by,
    ...(git === undefined ? {} : { git }),
    ...(message === undefined ? {} : { message }),
    hasSecrets: secrets !== 'false',
    // of most, nobody asks
    get objects() {
      return (read ??= { objects: unpacked(binaryData?.manifests) }).objects;
    },
  };
}

function packed(objects: readonly KubernetesObject[]): string {
  return gzipSync(JSON.stringify(objects), { level: 9 }).toString('base64');
}

function unpacked(text = ''): KubernetesObject[] | undefined {
  try {
    const value: unknown = JSON.parse(gunzipSync(Buffer.from(text, 'base64')).toString());
    return Array.isArray(value) && value.every(isManifest) ? value.map(withoutNulls) : undefined;
  } catch {
    return undefined;
  }
}

function isManifest(value: unknown): value is KubernetesObject {
  return isObject(value) && typeof value['apiVersion'] === 'string' && typeof value['kind'] === 'string' && isObject(value['metadata']);
}

/**
 * The manifests of a revision, with the values of its Secrets.
 *
 * @throws Refused when somebody has broken them; UsageError when the values are gone
 */
export async function objectsOf(cluster: Cluster, stack: Stack, { number, objects, hasSecrets }: Revision): Promise<readonly KubernetesObject[]> {
  if (objects === undefined) throw unreadable(stack, number, revisionLocation(stack, number));
  if (!hasSecrets) return objects;
  const location = revisionSecretLocation(stack, number);
  const secrets = await storedSecrets(cluster, location);
  if (secrets === 'gone')
    throw new UsageError(`the Secret ${location.name} of revision ${number} is gone, and with it the values of its Secrets: choose another revision`);
  if (secrets === undefined) throw unreadable(stack, number, location);
  return withSecrets(objects, secrets);
}

/** The Secrets of a revision; nothing when they can't be read. */
async function storedSecrets(cluster: Cluster, location: Location): Promise<readonly KubernetesObject[] | undefined | 'gone'> {
  const stored = (await cluster.get(location)) as StoredRevision | undefined;
  return stored === undefined ? 'gone' : unpacked(stored.data?.['manifests']);
}

function withSecrets(objects: readonly KubernetesObject[], secrets: readonly KubernetesObject[]): readonly KubernetesObject[] {
  return [...objects.filter(({ kind }) => kind !== 'Secret'), ...secrets];
}

function unreadable({ namespace, name: stack }: Stack, number: number, { resource: { kind }, name }: Location): Refused {
  return new Refused(
    `revision ${number} of ${namespace}/${stack} can't be read, because ${kind}/${namespace}/${name} was changed: choose another revision with --to`,
  );
}

/** Whether a revision has just these manifests, as far as it can be read. Asks for its Secrets only where there are any. */
export async function isOf(cluster: Cluster, stack: Stack, { number, objects, hasSecrets }: Revision, others: readonly KubernetesObject[]): Promise<boolean> {
  if (objects === undefined || setText(objects.map(withoutValues)) !== setText(others.map(withoutValues))) return false;
  if (!hasSecrets) return true;
  const secrets = await storedSecrets(cluster, revisionSecretLocation(stack, number));
  return secrets !== undefined && secrets !== 'gone' && setText(withSecrets(objects, secrets)) === setText(others);
}

function setText(objects: readonly KubernetesObject[]): string {
  return objects.map(canonical).sort().join('\n');
}

/** A Secret with its keys and no values, those of annotations among them: kubectl's copy of a manifest is one. Any other object as it is. */
export function withoutValues(object: KubernetesObject): KubernetesObject {
  if (object.kind !== 'Secret') return object;
  const { data = {}, metadata } = object as KubernetesObject & { readonly data?: object };
  const { annotations } = metadata;
  return { ...object, metadata: { ...metadata, ...(annotations && { annotations: emptied(annotations) }) }, data: emptied(data) };
}

function emptied(members: object): Record<string, string> {
  return Object.fromEntries(Object.keys(members).map((name) => [name, '']));
}

/** @throws UsageError when no revision could hold these manifests */
export function checkSize(objects: readonly KubernetesObject[]): void {
  const bytes = packed(objects).length;
  if (bytes > largestRevision)
    throw new UsageError(
      `the manifests take ${bytes} bytes compressed, and a revision, which undoes the next deployment, holds ${largestRevision}: deploy them as several stacks`,
    );
}

/**
 * Records a deployment, the Secrets first: a revision that is there is whole. Once when it begins, so that a cut one is known, and again when it ends.
 *
 * @param earlier - the revisions as they were before it began
 * @returns its number
 */
export async function recordRevision(
  cluster: Cluster,
  stack: Stack,
  earlier: readonly Revision[],
  objects: readonly KubernetesObject[],
  notes: RevisionNotes,
): Promise<number> {
  const last = earlier.at(-1);
  const number = last?.outcome === 'unfinished' ? last.number : (last?.number ?? 0) + 1;
  const secrets = objects.filter(({ kind }) => kind === 'Secret');
  const metadata = { namespace: stack.namespace, labels: { [revisionLabel]: stack.name, 'app.kubernetes.io/managed-by': 'berth' } };
  if (secrets.length > 0) {
    const location = revisionSecretLocation(stack, number);
    const object = {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'berth.dev/revision',
      metadata: { ...metadata, name: location.name },
      data: { manifests: packed(secrets) },
    };
    await cluster.apply(location, object, { force: true });
  }
  if (secrets.length === 0 && last?.number === number && last.hasSecrets) await remove(cluster, revisionSecretLocation(stack, number));
  const location = revisionLocation(stack, number);
  const data = Object.fromEntries(Object.entries({ ...notes, secrets: String(secrets.length > 0) }).filter(([, value]) => value !== undefined));
  const binaryData = { manifests: packed(objects.map(withoutValues)) };
  await cluster.apply(location, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, name: location.name }, data, binaryData }, { force: true });
  return number;
}

/** Forgets the oldest of a stack's revisions, but never the last healthy one. */
export async function trimRevisions(
  cluster: Cluster,
  stack: Stack,
  revisions: readonly Pick<Revision, 'number' | 'outcome' | 'hasSecrets'>[],
  kept = keptRevisions,
): Promise<void> {
  const lastHealthy = revisions.findLast(({ outcome }) => outcome === 'healthy')?.number;
  for (const { number, hasSecrets } of revisions.slice(0, -kept)) if (number !== lastHealthy) await forget(cluster, stack, number, hasSecrets);
}

/** Forgets one revision. */
export async function forget(cluster: Cluster, stack: Stack, number: number, hasSecrets: boolean): Promise<void> {
  if (hasSecrets) await remove(cluster, revisionSecretLocation(stack, number));
  await remove(cluster, revisionLocation(stack, number));
}

async function remove(cluster: Cluster, location: Location): Promise<void> {
  const uid = (await cluster.get(location))?.metadata.uid;
  if (uid !== undefined) await cluster.delete(location, uid);
}

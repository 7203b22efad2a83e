import { ApiError } from '../cluster/api-error';
import { builtInResource } from '../cluster/built-in-kinds';
import { type Cluster, metadataOnly } from '../cluster/cluster';
import type { Resource } from '../cluster/discovery';
import { inParallel } from '../in-parallel';
import { groupOf, isNamespace, keyOf, type KubernetesObject, nameOf, type ObjectReference, referenceOf } from '../manifests/kubernetes-object';
import { accountName, revisionLabel } from '../stack/account';
import { type Stack, stackId, stackOf } from '../stack/stack';
import { deepest, listMetadata, ownerOf } from './owners';

/** Whether an object is to go anyway. */
export type Goes = (object: KubernetesObject) => boolean;

/** What goes by the names of objects that carry the stack's label. */
export function goesOf(stack: Stack, references: readonly ObjectReference[]): Goes {
  const keys = new Set(references.map(keyOf));
  return (object) => stackOf(object) === stackId(stack) && keys.has(keyOf(referenceOf(object)));
}

/** Whether an object is of a stack's own account, which goes with the stack's namespace. */
export function isAccount({ kind, metadata: { name, namespace, labels = {} } }: KubernetesObject, stack: Stack): boolean {
  if (namespace !== stack.namespace || !['ConfigMap', 'Lease', 'Secret'].includes(kind)) return false;
  return labels[revisionLabel] === stack.name || (kind !== 'Secret' && name === accountName(stack));
}

/**
 * Names of what the cluster deletes with an object although it isn't to go: what is in a namespace, every object of a definition's kind in the whole
 * cluster, the claim on a volume. What the cluster itself puts into every namespace doesn't count, nor what belongs to an object that does. What the
 * account may not look at may be there.
 */
export async function strangersWith(cluster: Cluster, reference: ObjectReference, live: KubernetesObject, goes: Goes): Promise<readonly string[]> {
  const contents = await contentsOf(cluster, reference, live);
  const listed = new Set(contents.flatMap(({ metadata: { uid } }) => uid ?? []));
  const foreign = contents.filter((object) => !isOfTheCluster(object) && !goes(object));
  const owned = await inParallel(foreign, (object) => isOwned(cluster, object, { listed, goes }));
  return foreign.filter((_, i) => !owned[i]).map((object) => nameOf(referenceOf(object)));
}

/** Why an object stays. */
export function strangerWords(strangers: readonly string[]): string {
  return `with it would go what is to stay: ${few(strangers)}`;
}

/** A few of them, and how many there are. */
export function few(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
}

async function contentsOf(cluster: Cluster, reference: ObjectReference, live: KubernetesObject): Promise<readonly KubernetesObject[]> {
  const { group, kind, name } = reference;
  if (isNamespace(reference)) {
    const resources = await cluster.discovery.namespacedResources();
    return (await inParallel(resources, (resource) => metadataOf(cluster, resource, name))).flat();
  }
  if (group === 'apiextensions.k8s.io' && kind === 'CustomResourceDefinition') return metadataOf(cluster, definedBy(live));
  return group === '' && kind === 'PersistentVolume' ? claimOf(cluster, live) : [];
}

interface DefinitionSpec {
  readonly group: string;
  readonly names: { readonly kind: string; readonly plural: string };
  readonly scope: string;
  readonly versions: readonly { readonly name: string; readonly served: boolean; readonly storage: boolean }[];
}

/** The kind in the version in which it is stored, which needs no conversion; in another one where that isn't served. */
function definedBy({ spec }: KubernetesObject): Resource {
  const { group, names, scope, versions } = spec as DefinitionSpec;
  const served = versions.filter((version) => version.served);
  const version = served.find(({ storage }) => storage) ?? served[0] ?? versions[0]!;
  return { apiVersion: `${group}/${version.name}`, kind: names.kind, plural: names.plural, namespaced: scope === 'Namespaced' };
}

/** What can't be listed is there as one that says so. */
async function metadataOf(cluster: Cluster, resource: Resource, namespace?: string): Promise<KubernetesObject[]> {
  const { apiVersion, kind } = resource;
  try {
    return await listMetadata(cluster, resource, namespace);
  } catch (error) {
    if (!(error instanceof ApiError) || error.isPassing) throw error;
    const why = error.code === 403 ? `not to be listed by this account${namespace === undefined ? ' in the whole cluster' : ''}` : 'not to be listed';
    return [{ apiVersion, kind, metadata: { name: `(${why})`, ...(namespace === undefined ? {} : { namespace }) } }];
  }
}

const claims = builtInResource('v1', 'PersistentVolumeClaim')!;

/** A volume that is being deleted goes with its claim, and what is on it. */
async function claimOf(cluster: Cluster, { spec }: KubernetesObject): Promise<readonly KubernetesObject[]> {
  const { claimRef } = spec as { readonly claimRef?: { readonly namespace: string; readonly name: string; readonly uid?: string } };
  if (claimRef === undefined) return [];
  const { namespace, name, uid } = claimRef;
  const { apiVersion, kind } = claims;
  try {
    const live = await cluster.get({ resource: claims, namespace, name }, metadataOnly);
    return live === undefined || (uid !== undefined && live.metadata.uid !== uid) ? [] : [{ ...live, apiVersion, kind }];
  } catch (error) {
    if (error instanceof ApiError && error.code === 403) return [{ apiVersion, kind, metadata: { namespace, name } }];
    throw error;
  }
}

/** Kinds that come and go by themselves. */
const derived = new Set([
  '/Endpoints',
  '/Event',
  'apps/ControllerRevision',
  'discovery.k8s.io/EndpointSlice',
  'events.k8s.io/Event',
  'metrics.k8s.io/PodMetrics',
]);

function isOfTheCluster({ apiVersion, kind, metadata: { name } }: KubernetesObject): boolean {
  if (derived.has(`${groupOf(apiVersion)}/${kind}`)) return true;
  return apiVersion === 'v1' && ((kind === 'ServiceAccount' && name === 'default') || (kind === 'ConfigMap' && name === 'kube-root-ca.crt'));
}

interface Around {
  /** Uids of what is looked at itself. */
  readonly listed: ReadonlySet<string>;
  readonly goes: Goes;
}

/** Whether all its owners are looked at themselves, are gone, so that it goes by itself, or are to go. */
async function isOwned(cluster: Cluster, { metadata: { namespace, ownerReferences = [] } }: KubernetesObject, around: Around, depth = 0): Promise<boolean> {
  if (ownerReferences.length === 0 || depth === deepest) return false;
  const owners = await inParallel(ownerReferences, async (reference) => {
    const { uid } = reference;
    if (around.listed.has(uid)) return true;
    const owner = await ownerOf(cluster, reference, namespace);
    if (owner === 'unknown') return false;
    return owner?.metadata.uid !== uid || around.goes(owner) || isOwned(cluster, owner, around, depth + 1);
  });
  return owners.every(Boolean);
}

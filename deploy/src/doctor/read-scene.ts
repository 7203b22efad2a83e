import type { Cluster } from '../cluster/cluster';
import type { Resource } from '../cluster/discovery';
import { inParallel } from '../in-parallel';
import { groupOf, keyOf, type KubernetesObject, referenceOf } from '../manifests/kubernetes-object';
import { locate } from '../stack/find-entry';
import { cronJobOf, newestRuns } from '../readiness/cron-job-runs';
import { missing } from '../readiness/gone-job';
import { readinessOf } from '../readiness/readiness';
import type { InventoryEntry } from '../stack/inventory';
import { revisionLabel } from '../stack/account';
import { permitted } from './permitted';
import { askPods } from './ask-pods';
import { emptyScene, type Scene, type SceneObject, type Surroundings, type Unseen } from './scene';

/** What is to be looked at. */
export interface Subject {
  /** Objects by name. */
  readonly entries: readonly InventoryEntry[];
  /** A namespace of which all that runs and leads to it is looked at. */
  readonly wholeNamespace?: string;
  /** Whether the newest run of each CronJob is looked at too: no deployment waits for one. @default false */
  readonly withRuns?: boolean;
}

interface Listed {
  readonly part: keyof Surroundings;
  readonly resource: Resource;
  readonly query?: Readonly<Record<string, string>>;
}

const resource = (apiVersion: string, kind: string, plural: string, namespaced = true): Resource => ({ apiVersion, kind, plural, namespaced });

const inNamespaces: readonly Listed[] = [
  { part: 'pods', resource: resource('v1', 'Pod', 'pods') },
  { part: 'events', resource: resource('v1', 'Event', 'events') },
  { part: 'services', resource: resource('v1', 'Service', 'services') },
  { part: 'claims', resource: resource('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims') },
  // but the stack's own history, which is long
  { part: 'configMaps', resource: resource('v1', 'ConfigMap', 'configmaps'), query: { labelSelector: `!${revisionLabel}` } },
  { part: 'quotas', resource: resource('v1', 'ResourceQuota', 'resourcequotas') },
  { part: 'replicaSets', resource: resource('apps/v1', 'ReplicaSet', 'replicasets') },
  { part: 'workloads', resource: resource('apps/v1', 'Deployment', 'deployments') },
  { part: 'workloads', resource: resource('apps/v1', 'StatefulSet', 'statefulsets') },
  { part: 'workloads', resource: resource('apps/v1', 'DaemonSet', 'daemonsets') },
  { part: 'workloads', resource: resource('batch/v1', 'Job', 'jobs') },
  { part: 'ingresses', resource: resource('networking.k8s.io/v1', 'Ingress', 'ingresses') },
  { part: 'networkPolicies', resource: resource('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies') },
  { part: 'endpointSlices', resource: resource('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices') },
];

const ofTheCluster: readonly Listed[] = [
  { part: 'nodes', resource: resource('v1', 'Node', 'nodes', false) },
  { part: 'volumes', resource: resource('v1', 'PersistentVolume', 'persistentvolumes', false) },
  { part: 'storageClasses', resource: resource('storage.k8s.io/v1', 'StorageClass', 'storageclasses', false) },
];

/** The parts in which an object of the stack may be found. */
const parts: readonly (keyof Surroundings)[] = [
  'pods',
  'services',
  'claims',
  'configMaps',
  'workloads',
  'ingresses',
  'networkPolicies',
  'quotas',
  'replicaSets',
];

/**
 * Reads all that the rules look at, at once: about twenty lists, then what containers and readiness checks say. What may not be read is named, and not
 * looked at.
 *
 * @throws ApiError of 401, Unreachable
 */
export async function readScene(cluster: Cluster, subject: Subject): Promise<Scene> {
  const unseen: Unseen[] = [];
  const { serverTime } = await cluster.connection.call({ method: 'GET', path: '/version' });
  const surroundings = await readSurroundings(cluster, subject, unseen);
  const entries = subject.wholeNamespace === undefined ? subject.entries : [...subject.entries, ...everything(surroundings)];
  const found = await inParallel(distinct(entries), (entry) => readObject(cluster, entry, surroundings, serverTime, unseen));
  const named = found.filter((each) => each !== undefined);
  const objects = subject.withRuns ? [...named, ...runsOf(named, surroundings, serverTime)] : named;
  const scene: Scene = { ...emptyScene, ...surroundings, now: serverTime, objects, unseen };
  return { ...scene, ...(await askPods(cluster, scene, unseen)), unseen };
}

async function readSurroundings(cluster: Cluster, { entries, wholeNamespace }: Subject, unseen: Unseen[]): Promise<Surroundings> {
  const namespaces = [...new Set([...entries.flatMap(({ namespace }) => namespace ?? []), ...(wholeNamespace === undefined ? [] : [wholeNamespace])])];
  const tasks = [
    ...namespaces.flatMap((namespace) => inNamespaces.map((listed) => ({ ...listed, namespace }))),
    ...ofTheCluster.map((listed) => ({ ...listed, namespace: undefined })),
  ];
  const lists = await inParallel(tasks, async ({ part, resource: kind, query, namespace }) => ({
    part,
    items: await permitted(unseen, { verb: 'list', resource: nameOf(kind), ...(namespace === undefined ? {} : { namespace }) }, () =>
      cluster.list(kind, namespace, query),
    ),
  }));
  const merged: Record<string, KubernetesObject[]> = {};
  for (const { part, items = [] } of lists) merged[part] = [...(merged[part] ?? []), ...items];
  return { ...emptyScene, ...merged };
}

function nameOf({ apiVersion, plural }: Resource): string {
  const group = groupOf(apiVersion);
  return group === '' ? plural : `${plural}.${group}`;
}

/** The newest runs of the CronJobs among some objects: a CronJob itself never says that they fail. */
function runsOf(objects: readonly SceneObject[], { workloads }: Surroundings, now: number): readonly SceneObject[] {
  const runs = newestRuns(workloads);
  return objects.flatMap(({ object }) => {
    const run = object?.kind === 'CronJob' ? runs.get(object.metadata.uid ?? '') : undefined;
    return run === undefined ? [] : [{ reference: referenceOf(run), object: run, readiness: readinessOf(run, { now }) }];
  });
}

/** What runs in a namespace, and what leads to it; of a CronJob's runs only the newest. */
function everything({ workloads, services, ingresses, claims, pods }: Surroundings): readonly InventoryEntry[] {
  const alone = pods.filter(({ metadata: { ownerReferences = [] } }) => ownerReferences.length === 0);
  const runs = new Set(newestRuns(workloads).values());
  const lasting = workloads.filter((workload) => cronJobOf(workload) === undefined || runs.has(workload));
  return [...lasting, ...services, ...ingresses, ...claims, ...alone].map((object) => ({ ...referenceOf(object), apiVersion: object.apiVersion }));
}

function distinct(entries: readonly InventoryEntry[]): readonly InventoryEntry[] {
  return [...new Map(entries.map((entry) => [keyOf(entry), entry])).values()];
}

/** Where an object of the stack stands; nothing where one may not look. */
async function readObject(
  cluster: Cluster,
  entry: InventoryEntry,
  surroundings: Surroundings,
  now: number,
  unseen: Unseen[],
): Promise<SceneObject | undefined> {
  const { apiVersion: _, goesWhenDone, ...reference } = entry;
  const found = await findObject(cluster, entry, surroundings, unseen);
  if (found === 'unseen') return undefined;
  if (found === undefined) return { reference, readiness: await missing(cluster, reference, goesWhenDone) };
  const endpoints = found.kind === 'Service' ? endpointsIn(surroundings, found) : undefined;
  return { reference, object: found, readiness: readinessOf(found, { now, ...(endpoints && { endpoints }) }) };
}

/** Of a Secret only its name is asked for. */
const metadataOnly = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

async function findObject(
  cluster: Cluster,
  entry: InventoryEntry,
  surroundings: Surroundings,
  unseen: Unseen[],
): Promise<KubernetesObject | undefined | 'unseen'> {
  const key = keyOf(entry);
  const listed = parts.flatMap((part) => surroundings[part]).find((object) => keyOf(referenceOf(object)) === key);
  if (listed !== undefined) return listed;
  const location = await permitted(unseen, { verb: 'get', resource: entry.kind.toLowerCase() }, () => locate(cluster, entry));
  if (location === undefined) return undefined;
  const what: Unseen = { verb: 'get', resource: nameOf(location.resource), ...(entry.namespace === undefined ? {} : { namespace: entry.namespace }) };
  const before = unseen.length;
  const wasUnseen = unseen.some((each) => each.resource === what.resource && each.verb === 'get');
  const object = await permitted(unseen, what, () => cluster.get(location, entry.kind === 'Secret' ? metadataOnly : undefined));
  if (object === undefined && (unseen.length > before || wasUnseen)) return 'unseen';
  return object && { ...object, apiVersion: entry.apiVersion, kind: entry.kind };
}

function endpointsIn({ endpointSlices }: Surroundings, { metadata: { name, namespace } }: KubernetesObject): { readonly ready: number; readonly all: number } {
  const all = endpointSlices
    .filter(({ metadata }) => metadata.namespace === namespace && metadata.labels?.['kubernetes.io/service-name'] === name)
    .flatMap((slice) => (slice as { endpoints?: readonly { conditions?: { ready?: boolean } }[] }).endpoints ?? []);
  return { ready: all.filter(({ conditions }) => conditions?.ready !== false).length, all: all.length };
}

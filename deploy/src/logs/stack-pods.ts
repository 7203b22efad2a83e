import type { Cluster } from '../cluster/cluster';
import type { Resource } from '../cluster/discovery';
import { UsageError } from '../exit-codes';
import { groupOf, type KubernetesObject, type ObjectReference } from '../manifests/kubernetes-object';
import type { InventoryEntry } from '../stack/inventory';

const pods: Resource = { apiVersion: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };
const replicaSets: Resource = { apiVersion: 'apps/v1', kind: 'ReplicaSet', plural: 'replicasets', namespaced: true };
const jobs: Resource = { apiVersion: 'batch/v1', kind: 'Job', plural: 'jobs', namespaced: true };

/** Kinds that have pods, and how people shorten them. */
const workloadKinds: Readonly<Record<string, readonly string[]>> = {
  Deployment: ['deploy'],
  StatefulSet: ['sts'],
  DaemonSet: ['ds'],
  ReplicaSet: ['rs'],
  Job: [],
  CronJob: ['cj'],
  Pod: ['po'],
  // https://cloudnative-pg.io
  Cluster: [],
};

/** The pods of a stack, or of some workloads of it, whoever made them. */
export interface StackPods {
  /** The pods that there are now. */
  list(): Promise<readonly KubernetesObject[]>;
}

/**
 * @param words - workloads, as `NAME` or `KIND/NAME`; none for all
 * @throws UsageError when one of them is none of the stack's
 */
export function stackPods(cluster: Cluster, entries: readonly InventoryEntry[], words: readonly string[], stack: string): StackPods {
  const workloads = entries.filter(({ kind }) => kind in workloadKinds);
  const chosen = words.length === 0 ? workloads : words.flatMap((word) => chosenBy(word, workloads, stack));
  const namespaces = [...new Set(chosen.flatMap(({ namespace }) => namespace ?? []))];
  const owners = new Owners(
    cluster,
    chosen.some(({ kind }) => kind === 'CronJob'),
  );
  const isChosen = (reference: ObjectReference) =>
    chosen.some(
      ({ group, kind, namespace, name }) =>
        group === reference.group && kind === reference.kind && namespace === reference.namespace && name === reference.name,
    );
  return {
    async list() {
      const all = (await Promise.all(namespaces.map((namespace) => cluster.list(pods, namespace)))).flat();
      const chains = await Promise.all(all.map(async (pod) => ({ pod, chain: await owners.chainOf(pod) })));
      return chains.filter(({ chain }) => chain.some(isChosen)).map(({ pod }) => pod);
    },
  };
}

function chosenBy(word: string, workloads: readonly InventoryEntry[], stack: string): readonly InventoryEntry[] {
  const [kindWord, name] = word.includes('/') ? [word.slice(0, word.indexOf('/')), word.slice(word.indexOf('/') + 1)] : [undefined, word];
  const found = workloads.filter((workload) => workload.name === name && (kindWord === undefined || isKind(workload.kind, kindWord.toLowerCase())));
  if (found.length > 0) return found;
  const choice = workloads.map(({ kind, name: known }) => (workloads.filter((other) => other.name === known).length > 1 ? `${kind}/${known}` : known));
  throw new UsageError(`${stack} has no workload "${word}": ${choice.length === 0 ? 'it has none at all' : `choose from ${choice.join(', ')}`}`);
}

function isKind(kind: string, word: string): boolean {
  const singular = kind.toLowerCase();
  return word === singular || word === `${singular}s` || workloadKinds[kind]!.includes(word);
}

/** Who made a pod, and who made that. What was found is kept: an object's owner doesn't change. */
class Owners {
  private readonly known = new Map<string, ObjectReference | undefined>();

  constructor(
    private readonly cluster: Cluster,
    private readonly hasCronJobs: boolean,
  ) {}

  /** The pod itself, what owns it, and what owns that. */
  async chainOf(pod: KubernetesObject): Promise<readonly ObjectReference[]> {
    const { name, namespace = '' } = pod.metadata;
    const self = { group: '', kind: 'Pod', namespace, name };
    const owner = ownerOf(pod);
    if (owner === undefined) return [self];
    const above = await this.above(owner);
    return above === undefined ? [self, owner] : [self, owner, above];
  }

  private async above(owner: ObjectReference): Promise<ObjectReference | undefined> {
    const key = `${owner.kind}/${owner.namespace}/${owner.name}`;
    if (this.known.has(key)) return this.known.get(key);
    if (owner.kind === 'ReplicaSet') {
      for (const replicaSet of await this.cluster.list(replicaSets, owner.namespace))
        this.known.set(`ReplicaSet/${owner.namespace}/${replicaSet.metadata.name}`, ownerOf(replicaSet));
    } else if (owner.kind === 'Job' && this.hasCronJobs) {
      const job = await this.cluster.get({ resource: jobs, namespace: owner.namespace, name: owner.name });
      this.known.set(key, job && ownerOf(job));
    }
    // it went while it was asked for
    if (!this.known.has(key)) this.known.set(key, undefined);
    return this.known.get(key);
  }
}

function ownerOf({ metadata: { namespace = '', ownerReferences = [] } }: KubernetesObject): ObjectReference | undefined {
  const owner = ownerReferences.find(({ controller }) => controller === true);
  return owner && { group: groupOf(owner.apiVersion ?? ''), kind: owner.kind, namespace, name: owner.name };
}

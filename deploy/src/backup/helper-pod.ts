import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { untilGone } from '../apply/write-object';
import type { Cluster, Location } from '../cluster/cluster';
import type { ContainerLocation } from '../cluster/exec';
import type { Resource } from '../cluster/discovery';
import { quickLook } from '../doctor/quick-look';
import { CommandError, NotHealthy } from '../exit-codes';
import { nameOf } from '../manifests/kubernetes-object';
import { podsOf, viewOf } from '../readiness/pods';
import type { SqliteStore } from './store';

/** On each such pod: the uid of the workload whose volumes it has. */
const helperLabel = 'berth.dev/restores';

/** Pods, as a kind. */
export const podResource: Resource = { apiVersion: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };

/** A pod of Berth's own that has a workload's volumes. */
export interface HelperPod {
  readonly where: ContainerLocation;
  remove(): Promise<void>;
}

/**
 * Makes a pod beside a workload's own: the same image, user, settings and volumes, on the same node, but nothing is served by it, so that it is there
 * whether the workload runs, crashes or has no pods at all. One that was left by a run that was killed goes first; this one ends by itself.
 *
 * @param deadline - when it must run, by `performance.now()`
 * @throws NotHealthy when it doesn't, with the reason
 */
export async function makeHelperPod(cluster: Cluster, store: SqliteStore, deadline: number, signal: AbortSignal): Promise<HelperPod> {
  const { service, reference, workload, container } = store;
  const namespace = reference.namespace!;
  const view = await viewOf(cluster, namespace);
  const left = view.pods.filter(({ metadata }) => metadata.labels?.[helperLabel] === workload.metadata.uid);
  for (const { metadata } of left) await removePod(cluster, { resource: podResource, namespace, name: metadata.name }, deadline);
  // a name of its own: a kubelet finds a container by its pod's name, and one that has just ended may still have it
  const location: Location = { resource: podResource, namespace, name: nameFor(service) };
  const [node] = podsOf(workload, view).flatMap(({ spec }) => (spec as { nodeName?: string }).nodeName ?? []);
  const pod = await cluster.create(location, helperPod(store, location.name, node));
  const remove = () => removePod(cluster, location, performance.now() + 30_000);
  try {
    await untilRunning(cluster, location, deadline, signal);
  } catch (error) {
    await remove().catch(() => undefined);
    throw error;
  }
  return { where: { namespace, pod: pod.metadata.name, container }, remove };
}

/** No longer than a host's name may be. */
function nameFor(service: string): string {
  return `berth-restore-${service.replaceAll('.', '-').slice(0, 40)}-${randomBytes(3).toString('hex')}`;
}

async function removePod(cluster: Cluster, location: Location, deadline: number): Promise<void> {
  const uid = (await cluster.get(location))?.metadata.uid;
  if (uid === undefined) return;
  await cluster.delete(location, uid);
  await untilGone(cluster, location, uid, deadline, (left) => `Pod/${location.namespace}/${location.name} is to be removed and ${left}`);
}

async function untilRunning(cluster: Cluster, location: Location, deadline: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    const pod = await cluster.get(location);
    const { phase } = (pod?.status ?? {}) as { phase?: string };
    if (phase === 'Running') return;
    const problem = pod && quickLook(pod, { pods: [pod], replicaSets: [] })[0];
    const isCertain = problem?.certainAfterMs === 0 || pod === undefined || phase === 'Succeeded' || phase === 'Failed';
    const name = `Pod/${location.namespace}/${location.name}`;
    if (isCertain || performance.now() >= deadline)
      throw new NotHealthy(`${name}, which has the volume, does not run: ${problem?.cause ?? phase ?? 'it is gone'}`);
    if (signal.aborted) throw new CommandError('stopped: nothing that was begun counts; run the command again');
    await sleep(200);
  }
}

/** Seconds after which the cluster ends it, whatever became of whom it was made for. */
const longestLifeSeconds = 6 * 3600;

interface PodSpec {
  readonly containers: readonly Container[];
  readonly [field: string]: unknown;
}

interface Container {
  readonly name: string;
  readonly [field: string]: unknown;
}

/** Everything by which a pod is admitted, placed and let at its volumes; nothing by which it is found, probed or sent anything. */
const podFields = [
  'serviceAccountName',
  'automountServiceAccountToken',
  'enableServiceLinks',
  'securityContext',
  'imagePullSecrets',
  'nodeSelector',
  'tolerations',
  'runtimeClassName',
  'priorityClassName',
  'hostUsers',
  'volumes',
];
const containerFields = ['name', 'image', 'imagePullPolicy', 'env', 'envFrom', 'resources', 'securityContext', 'volumeMounts', 'workingDir'];

/** The manifest of the pod. @param node - where the volume is in use; nothing when it is in use nowhere */
export function helperPod(
  { workload, container, reference }: Pick<SqliteStore, 'workload' | 'container' | 'reference'>,
  name: string,
  node: string | undefined,
): object {
  const { template } = workload.spec as { template: { spec: PodSpec } };
  const own = template.spec.containers.find((one) => one.name === container);
  if (own === undefined) throw new CommandError(`${nameOf(reference)} has no container ${container}, which its annotation names`);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: reference.namespace,
      labels: { 'app.kubernetes.io/managed-by': 'berth', [helperLabel]: workload.metadata.uid },
      // it goes with the workload
      ownerReferences: [{ apiVersion: workload.apiVersion, kind: workload.kind, name: workload.metadata.name, uid: workload.metadata.uid }],
    },
    spec: {
      ...picked(template.spec, podFields),
      restartPolicy: 'Never',
      // its container has ended when the pod is gone: without a second for it, that is not waited for
      terminationGracePeriodSeconds: 1,
      activeDeadlineSeconds: longestLifeSeconds,
      ...(node !== undefined && { affinity: onNode(node) }),
      containers: [{ ...picked(own, containerFields), command: ['sleep', 'infinity'] }],
    },
  };
}

/** A volume that one node has can't be had on another. */
function onNode(node: string): object {
  const terms = [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }];
  return { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } };
}

function picked(from: Readonly<Record<string, unknown>>, fields: readonly string[]): object {
  return Object.fromEntries(fields.flatMap((field) => (field in from ? [[field, from[field]]] : [])));
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, Location } from '../cluster/cluster';
import { ApiError } from '../cluster/api-error';
import { inParallel } from '../in-parallel';
import { keyOf, type KubernetesObject, type ObjectReference } from '../manifests/kubernetes-object';
import { podProblem } from './doom';
import { endpointsOf, lastLines, newestPodsOf, newestReplicaSet, type NamespaceView, viewOf, type Warning, warningsIn } from './pods';
import { readinessOf } from './readiness';
import type { Readiness } from './state';

/** An object that is waited for. */
export interface Awaited {
  readonly reference: ObjectReference;
  readonly location: Location;
  /** Labels of the pods that it makes; of workloads only. */
  readonly podLabels?: Readonly<Record<string, string>>;
}

/** Whose log tells more. */
interface PodLog {
  readonly pod: KubernetesObject;
  readonly container: string;
  readonly previous: boolean;
}

/** How an object stands, with what its pods say. */
export interface Standing extends Awaited {
  readonly readiness: Readiness;
  /** A pod's own reason, such as a crash. */
  readonly pod?: string;
  readonly podLog?: PodLog;
  /** The last lines of the container that the reason names, when the wait has ended. */
  readonly log?: string;
}

/** How a wait ended. */
export interface WaitResult {
  readonly outcome: 'ready' | 'doomed' | 'timeout';
  /** Those that are not ready. */
  readonly unready: readonly Standing[];
}

/** How to wait. */
export interface WaitOptions {
  readonly timeoutMs: number;
  /** Told of each object when what is known of it changes. */
  onChange?(standing: Standing): void;
  /** Ends the wait, as a timeout would. */
  readonly signal?: AbortSignal;
}

/** Share of the time waited so far that passes until the next look: the wait ends so much later than it could, at most. */
const pauseShare = 0.1;

/** Milliseconds between looks, at least and at most. */
const shortestPauseMs = 100;
const longestPauseMs = 1_000;

/** Kinds whose pods tell why they are not ready. */
const workloads = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'ReplicaSet', 'Pod']);

/**
 * Waits until every object is as its manifest wants it, and no longer than until one is certain not to become so. Looks again and again instead of
 * watching: a watch may end, or miss what happened before it began.
 *
 * @throws ApiError, Unreachable when the cluster can't be asked for a minute
 */
export async function waitUntilReady(cluster: Cluster, awaited: readonly Awaited[], options: WaitOptions): Promise<WaitResult> {
  const { timeoutMs, onChange, signal } = options;
  const startedAt = performance.now();
  const deadline = startedAt + timeoutMs;
  const watch = new Watch(cluster, awaited);
  const told = new Map<string, string>();
  for (;;) {
    const unready = await watch.look();
    for (const standing of watch.standings) {
      const [key, text] = [keyOf(standing.reference), `${standing.readiness.state} ${standing.readiness.message} ${standing.pod ?? ''}`];
      if (told.get(key) !== text) onChange?.(standing);
      told.set(key, text);
    }
    if (unready.length === 0) return { outcome: 'ready', unready };
    if (unready.some(({ readiness }) => readiness.state === 'Failed')) return { outcome: 'doomed', unready: await withLogs(cluster, unready) };
    if (performance.now() >= deadline || signal?.aborted) return { outcome: 'timeout', unready: await withWarnings(cluster, await withLogs(cluster, unready)) };
    const pauseMs = Math.max(shortestPauseMs, Math.min(longestPauseMs, (performance.now() - startedAt) * pauseShare));
    await sleep(pauseMs, undefined, { ref: true, ...(signal && { signal }) }).catch(() => undefined);
  }
}

/** Looks at objects again and again, those that are ready left out. */
class Watch {
  /** What the last look saw anew. */
  standings: Standing[] = [];
  private pending: readonly Awaited[];
  /** When a pod's reason was first seen, in milliseconds. */
  private readonly seen = new Map<string, number>();
  private failingSince: number | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly all: readonly Awaited[],
  ) {
    this.pending = all;
  }

  /** @returns those that are not ready */
  async look(): Promise<readonly Standing[]> {
    try {
      this.standings = await this.lookOnce();
      this.failingSince = undefined;
    } catch (error) {
      this.tolerate(error);
      return this.pending.map((awaited) => ({ ...awaited, readiness: { state: 'InProgress', message: 'the cluster can’t be asked' } }));
    }
    const unready = this.standings.filter(({ readiness }) => readiness.state !== 'Current');
    this.pending = unready;
    return unready;
  }

  /** An API server that restarts is waited for. */
  private tolerate(error: unknown): void {
    const now = performance.now();
    this.failingSince ??= now;
    const isPassing = !(error instanceof ApiError) || error.isPassing;
    if (!isPassing || now - this.failingSince > 60_000) throw error;
  }

  private async lookOnce(): Promise<Standing[]> {
    const found = await inParallel(this.pending, async (awaited) => ({ awaited, object: await this.cluster.get(awaited.location) }));
    const standings = await inParallel(found, async ({ awaited, object }) => ({ awaited, object, readiness: await this.readiness(awaited, object) }));
    const views = new Map<string, Promise<NamespaceView>>();
    const view = (namespace: string) => views.get(namespace) ?? views.set(namespace, viewOf(this.cluster, namespace)).get(namespace)!;
    return inParallel(standings, async ({ awaited, object, readiness }): Promise<Standing> => {
      if (readiness.state === 'Current' || object === undefined || !workloads.has(object.kind) || !isSeen(object)) return { ...awaited, readiness };
      return this.withPods({ ...awaited, readiness }, object, await view(object.metadata.namespace!));
    });
  }

  private async readiness({ reference }: Awaited, object: KubernetesObject | undefined): Promise<Readiness> {
    const asked = object !== undefined && object.kind === 'Service' && this.hasPods(object);
    const endpoints = asked ? await endpointsOf(this.cluster, reference.namespace!, reference.name) : undefined;
    const readiness = readinessOf(object, { now: Date.now(), ...(endpoints && { endpoints }) });
    // bound with its first pod: whoever waits for the pod waits for it
    const isClaim = object?.kind === 'PersistentVolumeClaim' && readiness.state === 'InProgress';
    return isClaim ? { state: 'Current', message: 'bound when its first pod is there' } : readiness;
  }

  /** A Service whose pods are none of these objects' may wait for another deployment. */
  private hasPods({ spec, metadata: { namespace } }: KubernetesObject): boolean {
    const { selector = {} } = (spec ?? {}) as { selector?: Record<string, string> };
    return this.all.some(
      ({ reference, podLabels }) =>
        reference.namespace === namespace && podLabels !== undefined && Object.entries(selector).every(([key, value]) => podLabels[key] === value),
    );
  }

  private withPods(standing: Standing, object: KubernetesObject, view: NamespaceView): Standing {
    for (const pod of newestPodsOf(object, view)) {
      const problem = podProblem(pod, view.warnings);
      if (problem === undefined) continue;
      const reason = `pod ${pod.metadata.name}: ${problem.reason}`;
      const isCertain = this.isSeenFor(`${pod.metadata.uid} ${problem.reason}`, problem.certainAfterMs);
      const readiness: Readiness = isCertain ? { state: 'Failed', message: reason } : standing.readiness;
      return { ...standing, readiness, pod: reason, ...(problem.log && { podLog: { pod, ...problem.log } }) };
    }
    return this.withRefusal(standing, object, view);
  }

  /** Pods that the API server refuses: by a quota, a policy or an account that isn't there. */
  private withRefusal(standing: Standing, object: KubernetesObject, view: NamespaceView): Standing {
    const replicaSet = object.kind === 'Deployment' ? newestReplicaSet(object, view) : object;
    const { conditions = [] } = (replicaSet?.status ?? {}) as { conditions?: readonly { type: string; status: string; message?: string }[] };
    const refused = conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
    if (refused === undefined) return standing;
    const reason = `its pods are refused: ${refused.message ?? ''}`;
    const isCertain = this.isSeenFor(`${object.metadata.uid} ${reason}`, /violates PodSecurity/.test(reason) ? 0 : 30_000);
    return { ...standing, pod: reason, readiness: isCertain ? { state: 'Failed', message: reason } : standing.readiness };
  }

  private isSeenFor(key: string, ms: number): boolean {
    const since = this.seen.get(key) ?? performance.now();
    this.seen.set(key, since);
    return performance.now() - since >= ms;
  }
}

/** Until a controller has seen a change, its newest pods are those of the release before. */
function isSeen({ status, metadata: { generation = 0 } }: KubernetesObject): boolean {
  const { observedGeneration = generation } = (status ?? {}) as { observedGeneration?: number };
  return observedGeneration >= generation;
}

async function withLogs(cluster: Cluster, standings: readonly Standing[]): Promise<Standing[]> {
  return inParallel(standings, async (standing) => {
    const { podLog } = standing;
    if (podLog === undefined) return standing;
    const log = await lastLines(cluster, podLog.pod, podLog.container, podLog.previous);
    return log === '' ? standing : { ...standing, log };
  });
}

/** When time is up, what the cluster warned of may say why: a volume that can't be mounted, a probe that fails. */
async function withWarnings(cluster: Cluster, standings: readonly Standing[]): Promise<Standing[]> {
  const namespaces = [...new Set(standings.flatMap(({ reference: { namespace } }) => namespace ?? []))];
  const warnings = new Map(await inParallel(namespaces, async (namespace) => [namespace, await warningsIn(cluster, namespace).catch(() => [])] as const));
  return standings.map((standing) => {
    const last = warnings.get(standing.reference.namespace ?? '')?.findLast((warning) => isAbout(warning, standing.reference));
    if (standing.pod !== undefined || last === undefined) return standing;
    return { ...standing, pod: `${last.kind} ${last.name}: ${last.reason}: ${last.message}` };
  });
}

/** Of the object itself and, of a workload, of what it makes. */
function isAbout({ kind, name }: Warning, reference: ObjectReference): boolean {
  if (kind === reference.kind && name === reference.name) return true;
  return workloads.has(reference.kind) && ['Pod', 'ReplicaSet', 'Job'].includes(kind) && name.startsWith(`${reference.name}-`);
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, Location } from '../cluster/cluster';
import { ApiError } from '../cluster/api-error';
import { CommandError } from '../exit-codes';
import { inParallel } from '../in-parallel';
import { groupOf, keyOf, type KubernetesObject, type ObjectReference, referenceOf } from '../manifests/kubernetes-object';
import { hasLabels } from '../manifests/selectors';
import { workloadKinds } from '../doctor/pod-findings';
import { quickLook } from '../doctor/quick-look';
import type { PodLog, Verdict } from '../doctor/verdict';
import { examine, explained } from './examination';
import { missing } from './gone-job';
import { endpointsOf, lastLines, type NamespaceView, viewOf } from './pods';
import { hasNoState, readinessOf } from './readiness';
import { settleMs, settlingOf } from './settling-pods';
import { Sightings } from './sightings';
import type { Readiness } from './state';

/** An object that is waited for. */
export interface Awaited {
  readonly reference: ObjectReference;
  readonly location: Location;
  /** Labels of the pods that it makes; of workloads only. */
  readonly podLabels?: Readonly<Record<string, string>>;
  /** It was there, and its manifest lets it be deleted when it is done (`ttlSecondsAfterFinished`): gone is done. @default false */
  readonly goesWhenDone?: boolean;
}

/** How an object stands, with what its pods say. */
export interface Standing extends Awaited {
  readonly readiness: Readiness;
  /** The cause, as the rules of `berth doctor` say it, such as a pod's crash. */
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

/** Milliseconds after which something that is not ready is worth the twenty lists that all of doctor's rules need; and again after as many. */
const examinationMs = 15_000;

/**
 * Waits until every object is as its manifest wants it, and no longer than until one is certain not to become so: by the rules of `berth doctor`, those
 * that need pods alone at each look, all of them now and then. Looks again and again instead of watching: a watch may end, or miss what happened before it
 * began. Where containers without a probe have just started it looks once more.
 *
 * @throws ApiError, Unreachable when the cluster can't be asked for a minute, or at the end of the time
 */
export async function waitUntilReady(cluster: Cluster, awaited: readonly Awaited[], options: WaitOptions): Promise<WaitResult> {
  const { timeoutMs, onChange, signal } = options;
  const startedAt = performance.now();
  const deadline = startedAt + timeoutMs;
  const watch = new Watch(cluster, awaited);
  const told = new Map<string, string>();
  let nextExamination = startedAt + examinationMs;
  for (;;) {
    const unready = await watch.look();
    for (const standing of watch.standings) {
      const [key, text] = [keyOf(standing.reference), `${standing.readiness.state} ${standing.readiness.message} ${standing.pod ?? ''}`];
      if (told.get(key) !== text) onChange?.(standing);
      told.set(key, text);
    }
    const now = performance.now();
    if (unready.length === 0) {
      if (now >= deadline || !(await watch.settles())) return { outcome: 'ready', unready };
      await sleep(settleMs, undefined, { ...(signal && { signal }) }).catch(() => undefined);
      if (signal?.aborted) return { outcome: 'timeout', unready };
      continue;
    }
    if (unready.some(isFailed)) return { outcome: 'doomed', unready: await withWords(cluster, awaited, unready, true) };
    if (signal?.aborted) return { outcome: 'timeout', unready };
    if (now >= deadline && watch.fault !== undefined) throw watch.fault;
    if (now >= deadline) return { outcome: 'timeout', unready: await withWords(cluster, awaited, unready, false) };
    if (now >= nextExamination) {
      const examined = await watch.examine(unready);
      if (examined.some(isFailed)) return { outcome: 'doomed', unready: await withLogs(cluster, examined) };
      nextExamination = performance.now() + examinationMs;
    }
    const pauseMs = Math.max(shortestPauseMs, Math.min(longestPauseMs, (performance.now() - startedAt) * pauseShare));
    await sleep(pauseMs, undefined, { ref: true, ...(signal && { signal }) }).catch(() => undefined);
  }
}

/** Looks at objects again and again, those that are ready left out until all are. */
class Watch {
  /** What the last look saw anew. */
  standings: Standing[] = [];
  /** Why the last look saw nothing. */
  fault: CommandError | undefined;
  private pending: readonly Awaited[];
  private readonly sightings = new Sightings();
  private failingSince: number | undefined;
  /** Those that make pods, as they were seen last. */
  private readonly workloads = new Map<string, KubernetesObject>();

  constructor(
    private readonly cluster: Cluster,
    private readonly all: readonly Awaited[],
  ) {
    this.pending = all;
  }

  /** @returns those that are not ready */
  async look(): Promise<readonly Standing[]> {
    this.standings = [];
    const sawAll = this.pending.length === this.all.length;
    try {
      let unready = await this.lookAtPending();
      if (unready.length === 0 && !sawAll) {
        this.pending = this.all.filter(mayBreak);
        unready = await this.lookAtPending();
      }
      this.failingSince = this.fault = undefined;
      return unready;
    } catch (error) {
      this.tolerate(error);
      return this.pending.map((awaited) => ({ ...awaited, readiness: { state: 'InProgress', message: 'the cluster can’t be asked' } }));
    }
  }

  /** Whether some that are ready have only just started, so that it is too early to say: those are looked at again. */
  async settles(): Promise<boolean> {
    try {
      const settling = new Set((await settlingOf(this.cluster, [...this.workloads.values()])).map((object) => keyOf(referenceOf(object))));
      this.pending = this.all.filter(({ reference }) => settling.has(keyOf(reference)));
      return settling.size > 0;
    } catch (error) {
      this.tolerate(error);
      return true;
    }
  }

  private async lookAtPending(): Promise<readonly Standing[]> {
    const standings = await this.lookOnce();
    this.standings = [...this.standings, ...standings];
    const unready = standings.filter(({ readiness }) => readiness.state !== 'Current');
    this.pending = unready;
    return unready;
  }

  /** An API server that restarts is waited for. */
  private tolerate(error: unknown): void {
    const now = performance.now();
    this.failingSince ??= now;
    const isPassing = error instanceof CommandError && (!(error instanceof ApiError) || error.isPassing);
    if (!isPassing || now - this.failingSince > 60_000) throw error;
    this.fault = error;
  }

  private async lookOnce(): Promise<Standing[]> {
    const found = await inParallel(this.pending, async (awaited) => ({ awaited, object: await this.cluster.get(awaited.location) }));
    for (const { object } of found) if (object !== undefined && keepsPods(object)) this.workloads.set(keyOf(referenceOf(object)), object);
    const standings = await inParallel(found, async ({ awaited, object }) => ({ awaited, object, readiness: await this.readiness(awaited, object) }));
    const views = new Map<string, Promise<NamespaceView>>();
    const view = (namespace: string) => views.get(namespace) ?? views.set(namespace, viewOf(this.cluster, namespace)).get(namespace)!;
    return inParallel(standings, async ({ awaited, object, readiness }): Promise<Standing> => {
      if (readiness.state === 'Current' || object === undefined || !workloadKinds.has(object.kind) || !isSeen(object)) return { ...awaited, readiness };
      return this.withVerdict({ ...awaited, readiness }, quickLook(object, await view(object.metadata.namespace!)));
    });
  }

  private async readiness({ reference, goesWhenDone }: Awaited, object: KubernetesObject | undefined): Promise<Readiness> {
    if (object === undefined) return missing(this.cluster, reference, goesWhenDone);
    const asked = object.kind === 'Service' && this.hasPods(object);
    const endpoints = asked ? await endpointsOf(this.cluster, reference.namespace!, reference.name) : undefined;
    const readiness = readinessOf(object, { now: Date.now(), ...(endpoints && { endpoints }) });
    // bound with its first pod: whoever waits for the pod waits for it
    const isClaim = object.kind === 'PersistentVolumeClaim' && readiness.state === 'InProgress';
    return isClaim ? { state: 'Current', message: 'bound when its first pod is there' } : readiness;
  }

  /** A Service whose pods are none of these objects' may wait for another deployment; one whose pods nobody wants, for a person. */
  private hasPods(service: KubernetesObject): boolean {
    return this.all.some((awaited) => isFoundBy(service, awaited) && wantsPods(this.workloads.get(keyOf(awaited.reference))));
  }

  /** All that doctor looks at: standings with its words, failed where a cause is certain. */
  async examine(unready: readonly Standing[]): Promise<readonly Standing[]> {
    const examination = await examine(this.cluster, this.all, true);
    if (examination === undefined) return unready;
    const certain = examination.causes.filter((cause) => this.isCertain(cause)).map(({ subject }) => keyOf(subject));
    return explained(examination, unready).map((standing) =>
      certain.includes(keyOf(standing.reference))
        ? { ...standing, readiness: { state: 'Failed', message: standing.pod ?? standing.readiness.message } }
        : standing,
    );
  }

  /** A certain cause before one that may pass. */
  private withVerdict(standing: Standing, verdicts: readonly Verdict[]): Standing {
    // each is asked, because from now on its time counts
    const certain = verdicts.filter((verdict) => this.isCertain(verdict));
    const verdict = certain[0] ?? verdicts[0];
    if (verdict === undefined) return standing;
    const { cause, log } = verdict;
    return { ...standing, pod: cause, ...(certain.length > 0 && { readiness: { state: 'Failed', message: cause } }), ...(log && { podLog: log }) };
  }

  private isCertain({ rule, subject, fault, cause, certainAfterMs }: Verdict): boolean {
    return this.sightings.see(`${rule} ${keyOf(subject)} ${fault ?? cause}`, performance.now()) >= certainAfterMs;
  }
}

/** Whether an object may be there and not ready, among others of its release: what has a state, and of Services those that need a load balancer or their pods. */
export function mayBeUnready({ reference, object }: { reference: ObjectReference; object: KubernetesObject }, others: readonly Awaited[]): boolean {
  if (reference.group !== '' || reference.kind !== 'Service') return !hasNoState(reference);
  const { type } = (object.spec ?? {}) as { type?: string };
  return type === 'LoadBalancer' || others.some((other) => isFoundBy(object, other));
}

/** Whether a Service finds the pods that an object makes. */
function isFoundBy({ spec, metadata: { namespace } }: KubernetesObject, { reference, podLabels }: Awaited): boolean {
  const { selector = {} } = (spec ?? {}) as { selector?: Record<string, string> };
  return reference.namespace === namespace && podLabels !== undefined && hasLabels(podLabels, selector);
}

/** Until a controller has seen a change, its newest pods are those of the release before. */
function isSeen({ status, metadata: { generation = 0 } }: KubernetesObject): boolean {
  const { observedGeneration = generation } = (status ?? {}) as { observedGeneration?: number };
  return observedGeneration >= generation;
}

/** Whether its pods are wanted until it goes. */
function keepsPods({ apiVersion, kind }: KubernetesObject): boolean {
  return groupOf(apiVersion) === 'apps' && workloadKinds.has(kind);
}

/** Not where it is scaled to 0, or no node is one of its own. @param workload - nothing when it was not seen yet */
function wantsPods(workload: KubernetesObject | undefined): boolean {
  const { replicas } = (workload?.spec ?? {}) as { replicas?: number };
  const { desiredNumberScheduled, observedGeneration } = (workload?.status ?? {}) as { desiredNumberScheduled?: number; observedGeneration?: number };
  return replicas !== 0 && !(desiredNumberScheduled === 0 && observedGeneration === workload?.metadata.generation);
}

/** What was ready early may have broken while others were waited for: what has pods. A Job that is done stays so, and may be gone by then. */
function mayBreak({ podLabels }: Awaited): boolean {
  return podLabels !== undefined;
}

function isFailed({ readiness }: Standing): boolean {
  return readiness.state === 'Failed';
}

/** What doctor says of those that are not ready, with the ends of logs. @param isPatient - not when time is up: then a start is no excuse */
async function withWords(cluster: Cluster, awaited: readonly Awaited[], unready: readonly Standing[], isPatient: boolean): Promise<readonly Standing[]> {
  const examination = await examine(cluster, awaited, isPatient);
  return withLogs(cluster, examination === undefined ? unready : explained(examination, unready));
}

async function withLogs(cluster: Cluster, standings: readonly Standing[]): Promise<Standing[]> {
  return inParallel(standings, async (standing) => {
    const { podLog } = standing;
    if (podLog === undefined) return standing;
    const log = await lastLines(cluster, podLog.pod, podLog.container, podLog.previous);
    return log === '' ? standing : { ...standing, log };
  });
}

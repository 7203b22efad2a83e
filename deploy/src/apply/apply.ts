import { ApiError } from '../cluster/api-error';
import type { Cluster, Location } from '../cluster/cluster';
import { CommandError, exitCodes, NotHealthy, Refused, UsageError } from '../exit-codes';
import { inParallel } from '../in-parallel';
import { groupOf, isNamespace, keyOf, type KubernetesObject, nameOf } from '../manifests/kubernetes-object';
import type { Prepared } from '../manifests/prepare';
import { canonical } from '../manifests/json';
import { entriesAfter, entryOf, goesWithPrune, leftoverEntry, makePlan, writesOf } from '../plan/make-plan';
import { isEmpty, type Plan, type PlannedObject } from '../plan/plan';
import { summaryOf } from '../plan/plan-summary';
import { unansweredWords } from '../plan/webhooks';
import { goesWhenDone } from '../readiness/gone-job';
import { type Awaited, mayBeUnready, type Standing, type WaitOptions, waitUntilReady } from '../readiness/wait';
import { refuseGoing } from '../stack/going-namespace';
import { type InventoryEntry, joined, readInventory, sameEntries, writeInventory } from '../stack/inventory';
import { acquireLock, type Lock, type LockOptions, seeLock } from '../stack/lock';
import { checkSize, readRevisions, recordRevision, type Revision, type RevisionNotes, trimRevisions } from '../stack/revisions';
import type { Stack } from '../stack/stack';
import { throwIfStopped } from '../stopped';
import type { Progress } from './progress';
import { adoptClaims } from './made-claims';
import { pruneAll } from './prune';
import { inStages, stageOf } from './stages';
import { writeObject } from './write-object';

/** How a deployment goes. */
export interface ApplyOptions {
  /** Milliseconds for everything after the plan: to write, to become ready, to prune. */
  readonly timeoutMs: number;
  readonly lock?: LockOptions;
  /** Fields that others own are taken over. @default false */
  readonly forceConflicts?: boolean;
  /** Objects with data that may be pruned, as `Kind/namespace/name`. */
  readonly pruneData?: readonly string[];
  /** @default false: a set that has no object in common with the stack is refused */
  readonly replaceAll?: boolean;
  /** Secrets that pods read may be missing. @default false */
  readonly lacksSecrets?: boolean;
  /** Who deploys what: for the history. */
  notes(): Promise<Pick<RevisionNotes, 'by' | 'git' | 'message'>>;
  /** A text without values of Secrets: what a container says of itself is recorded where everybody reads. */
  hidden(text: string): string;
  /** Looks at the plan before anything is written; then no other plan is carried out. @throws Refused when it isn't what was agreed to */
  agree?(plan: Plan): void;
  readonly progress: Progress;
  /** Aborted when somebody wants it to stop: nothing more is written, and the lock is given back. */
  readonly signal: AbortSignal;
}

/** How it ended; it throws where it didn't end well. */
export interface Applied {
  readonly plan: Plan;
  /** Whether anything was written. */
  readonly changed: boolean;
  /** The revision that it is now. */
  readonly revision: number;
}

/** The cluster refused to write an object of a release, when others may have been written: exit code 1, or 4 where time was up. */
export class Unwritten extends CommandError {}

/** The objects did not become ready. */
export class Unready extends NotHealthy {
  constructor(
    message: string,
    readonly unready: readonly Standing[],
    /** Not where all was so already: then it is no release's fault. */
    readonly hasWritten = true,
  ) {
    super(message);
  }
}

/**
 * Makes a stack what the objects say: plan, lock, plan again where another run was in between, apply in stages, wait until all is ready, prune, record. Each step is found again by looking at the
 * cluster, so whoever stops in between leaves nothing that the next run doesn't finish. Nothing is written where nothing differs.
 *
 * @throws UsageError, Refused before anything is written
 * @throws Unready when the objects don't become ready
 * @throws Unwritten when one can't be written
 */
export async function apply(cluster: Cluster, stack: Stack, objects: readonly Prepared[], options: ApplyOptions): Promise<Applied> {
  checkSize(objects.map(({ object }) => object));
  const seen = await seeLock(cluster, stack);
  const planned = await planStack(cluster, stack, objects, options);
  const { plan, revisions } = planned;
  options.agree?.(plan);
  options.progress.plan(plan);
  if (isEmpty(plan)) {
    await becomeReady(cluster, objects, performance.now() + options.timeoutMs, options).catch((error: unknown) => {
      throw error instanceof Unready ? new Unready(error.message, error.unready, false) : error;
    });
    return { plan, changed: false, revision: revisions.at(-1)!.number };
  }
  // Git and the API server are asked while the lock is taken
  const notes = options.notes();
  notes.catch(() => undefined);
  // what was tried in it says that it is there
  const isThere = plan.objects.some(({ verified, location }) => verified && location.namespace === stack.namespace);
  if (!isThere) await seeToNamespace(cluster, stack, objects);
  return withLock(cluster, stack, { ...options, lock: { ...options.lock, seen } }, async (guarded, isUntouched) => {
    // what couldn't be tried may be tried now
    if (isUntouched && plan.objects.every(({ verified }) => verified)) return perform(guarded, planned, objects, notes, options);
    const now = await planStack(guarded, stack, objects, { ...options, lacksSecrets: true, earlier: plan });
    if (isNews(plan, now.plan)) {
      if (options.agree !== undefined)
        throw new Refused('the cluster changed while the lock was waited for, so this is no longer the saved plan: nothing was written; plan again');
      options.progress.plan(now.plan);
    }
    return perform(guarded, now, objects, notes, options);
  });
}

/** Everything that a stack is, and what applying objects does to it. */
export interface Planned {
  readonly plan: Plan;
  readonly revisions: readonly Revision[];
  readonly entries: readonly ReturnType<typeof entryOf>[];
}

/** Reads a stack's account and plans. Writes nothing. */
export async function planStack(
  cluster: Cluster,
  stack: Stack,
  objects: readonly Prepared[],
  options: Pick<ApplyOptions, 'forceConflicts' | 'pruneData' | 'replaceAll' | 'lacksSecrets'> & { readonly earlier?: Plan },
): Promise<Planned> {
  const [inventory, revisions] = await Promise.all([readInventory(cluster, stack), readRevisions(cluster, stack)]);
  const plan = await makePlan({ ...options, cluster, stack, objects, inventory, revisions });
  return { plan, revisions, entries: inventory?.entries ?? [] };
}

/** Whether the cluster moved since the first plan: what that couldn't try, and a namespace that was made for the lock, are no news. */
function isNews(first: Plan, second: Plan): boolean {
  const told = new Set(
    first.objects
      .filter(({ verified, action, reference }) => !verified || (action === 'create' && reference.kind === 'Namespace'))
      .map(({ reference }) => keyOf(reference)),
  );
  const rest = (plan: Plan) => canonical(summaryOf({ ...plan, objects: plan.objects.filter(({ reference }) => !told.has(keyOf(reference))) }).objects);
  return rest(first) !== rest(second);
}

const namespaces = { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false };

/** The lock needs its namespace. Only its name is written without a lock. */
async function seeToNamespace(cluster: Cluster, { namespace }: Stack, objects: readonly Prepared[]): Promise<void> {
  const location: Location = { resource: namespaces, name: namespace };
  const live = await cluster.get(location);
  if (live !== undefined) return refuseGoing(live);
  const isMade = objects.some(({ reference }) => isNamespace(reference, namespace));
  if (!isMade) throw new UsageError(`there is no namespace ${namespace}: make it with kubectl create namespace ${namespace}, or put it into the manifests`);
  try {
    await cluster.create(location, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error;
  }
}

/** Does something with the stack's lock, and a cluster that is written to only while the lock is held. */
export async function withLock<Result>(
  cluster: Cluster,
  stack: Stack,
  { lock: lockOptions, progress, signal }: Pick<ApplyOptions, 'lock' | 'progress' | 'signal'>,
  body: (guarded: Cluster, isUntouched: boolean) => Promise<Result>,
): Promise<Result> {
  const lock: Lock = await acquireLock(cluster, stack, { ...lockOptions, signal, onWait: (sentence) => progress.note(sentence) });
  const stop = AbortSignal.any([signal, lock.lost]);
  const guarded = cluster.guardedBy(() => {
    throwIfStopped(stop);
    lock.check();
  }, stop);
  try {
    return await body(guarded, lock.isUntouched);
  } finally {
    await lock.release();
  }
}

async function perform(
  cluster: Cluster,
  { plan, revisions, entries }: Planned,
  objects: readonly Prepared[],
  notes: ReturnType<ApplyOptions['notes']>,
  options: ApplyOptions,
): Promise<Applied> {
  const { stack } = plan;
  const deadline = performance.now() + options.timeoutMs;
  const before = joined(entries, objects.map(entryOf));
  const ended = (how: Pick<RevisionNotes, 'outcome' | 'message'>) => record(cluster, plan, revisions, objects, how, notes);
  await Promise.all([
    sameEntries(entries, before) ? undefined : writeInventory(cluster, stack, before),
    // whatever happens from here on, somebody knows that it began
    plan.recordsRevision ? ended({ outcome: 'unfinished', message: 'it is under way, or was stopped' }) : undefined,
  ]);
  try {
    await release(cluster, plan, objects, before, deadline, options);
  } catch (error) {
    // whatever else ends it, a signal, a lost lock or something that isn't pruned in time, leaves it unfinished for the next run
    if (error instanceof Unready || error instanceof Unwritten)
      await ended({ outcome: 'failed', message: options.hidden(error.message) }).catch(() => undefined);
    throw error;
  }
  const revision = plan.recordsRevision ? await ended({ outcome: 'healthy' }) : revisions.at(-1)!.number;
  return { plan, changed: true, revision };
}

/** @param before - the inventory with all that there was and will be */
async function release(
  cluster: Cluster,
  plan: Plan,
  objects: readonly Prepared[],
  before: readonly InventoryEntry[],
  deadline: number,
  options: ApplyOptions,
): Promise<void> {
  const { stack } = plan;
  await writeAll(cluster, plan, deadline, options);
  await becomeReady(cluster, objects, deadline, options);
  const claims = await adoptClaims(cluster, stack, before, plan.leftovers.filter(({ fate }) => fate === 'prune').map(leftoverEntry));
  const stayed = await pruneAll(cluster, plan.leftovers, { goes: goesWithPrune(stack, plan.leftovers), deadline, progress: options.progress });
  const after = joined(entriesAfter(objects, [...plan.leftovers, ...stayed]), claims);
  if (!sameEntries(joined(before, claims), after)) await writeInventory(cluster, stack, after);
}

async function record(
  cluster: Cluster,
  { stack }: Plan,
  revisions: readonly Revision[],
  objects: readonly Prepared[],
  how: Pick<RevisionNotes, 'outcome' | 'message'>,
  notes: ReturnType<ApplyOptions['notes']>,
): Promise<number> {
  const manifests = objects.map(({ object }) => object);
  const number = await recordRevision(cluster, stack, revisions, manifests, { ...(await notes), ...how, at: new Date().toISOString() });
  // nobody else writes any while the lock is held
  const others = revisions.filter((revision) => revision.number !== number);
  if (how.outcome !== 'unfinished') await trimRevisions(cluster, stack, [...others, { number, outcome: how.outcome, hasSecrets: false }]);
  return number;
}

async function writeAll(cluster: Cluster, plan: Plan, deadline: number, { progress }: ApplyOptions): Promise<void> {
  const writes = writesOf(plan);
  const stages = [false, true].flatMap((isLast) =>
    inStages(
      writes.filter((planned) => comesLast(planned) === isLast),
      ({ reference }) => reference,
    ),
  );
  for (const stage of stages) {
    await inParallel(stage, async (planned) => {
      try {
        await writeObject(cluster, planned, deadline);
      } catch (error) {
        if (error instanceof NotHealthy) throw new Unwritten(error.message, error.exitCode, { cause: error });
        if (!(error instanceof ApiError)) throw error;
        if (error.isWebhookDown) throw new Unwritten(unansweredWords(planned, error, plan), exitCodes.notHealthy, { cause: error });
        throw new Unwritten(`${nameOf(planned.reference)} could not be applied: ${error.message}`, error.exitCode, { cause: error });
      }
      progress.did(verbs[planned.action], planned.reference);
    });
    await seeToKinds(cluster, stage, deadline);
  }
}

/** What others are in, or of, is made first all the same. */
function comesLast({ isLast, action, reference }: PlannedObject): boolean {
  return isLast === true && !(action === 'create' && stageOf(reference) === 0);
}

const verbs = { create: 'created', change: 'changed', replace: 'replaced', unchanged: 'unchanged' } as const;

/** A kind is served some time after its definition was applied. */
async function seeToKinds(cluster: Cluster, stage: readonly Prepared[], deadline: number): Promise<void> {
  const definitions = stage.filter(({ object }) => object.kind === 'CustomResourceDefinition');
  if (definitions.length === 0) return;
  await untilReady(cluster, definitions, deadline);
  for (const { object } of definitions) for (const apiVersion of versionsOf(object)) cluster.discovery.forget(apiVersion);
}

function versionsOf({ spec }: KubernetesObject): string[] {
  const { group, versions } = spec as { group: string; versions: readonly { name: string }[] };
  return versions.map(({ name }) => `${group}/${name}`);
}

/** Waits for all objects that may be unready, also for those that nothing changed of: a release is healthy as a whole. The plan or its write has just seen each. */
async function becomeReady(cluster: Cluster, objects: readonly Prepared[], deadline: number, { progress, signal }: ApplyOptions): Promise<void> {
  const all = objects.map((prepared) => ({ ...awaited(prepared), object: prepared.object }));
  try {
    await untilReady(
      cluster,
      all.filter((one) => mayBeUnready(one, all)),
      deadline,
      { signal, onChange: (standing) => progress.stands(standing) },
    );
  } finally {
    progress.waited();
  }
}

/** @throws Unready when they don't become so; CommandError when it should end before */
async function untilReady(cluster: Cluster, objects: readonly Awaited[], deadline: number, options: Omit<WaitOptions, 'timeoutMs'> = {}): Promise<void> {
  const stop = cluster.stop ?? options.signal;
  const { outcome, unready } = await waitUntilReady(cluster, objects, { ...options, timeoutMs: deadline - performance.now(), ...(stop && { signal: stop }) });
  if (outcome === 'ready') return;
  throwIfStopped(stop);
  throw new Unready(unreadyWords(unready), unready);
}

/** What is waited for of an object. */
export function awaited({ reference, location, object }: Prepared): Awaited {
  const { template } = (object.spec ?? {}) as { template?: { metadata?: { labels?: Record<string, string> } } };
  const podLabels = groupOf(object.apiVersion) === 'apps' ? template?.metadata?.labels : undefined;
  return { reference, location, ...(podLabels === undefined ? {} : { podLabels }), ...(goesWhenDone(object) && { goesWhenDone: true }) };
}

/** One sentence for each that is not ready, its cause first. */
export function unreadyWords(unready: readonly Standing[]): string {
  const sentences = unready.map(({ reference, readiness, pod }) => `${nameOf(reference)}: ${pod ?? readiness.message}`);
  return sentences.length === 1 ? sentences[0]! : `${sentences.length} objects are not ready:\n${sentences.map((sentence) => `  - ${sentence}`).join('\n')}`;
}

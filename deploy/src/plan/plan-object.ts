import { ApiError } from '../cluster/api-error';
import type { Cluster } from '../cluster/cluster';
import { isScaledBy } from '../manifests/autoscalers';
import { holdsData } from '../manifests/data-kinds';
import { merged, same } from '../manifests/json';
import { jsonPatch } from '../manifests/json-patch';
import { type FieldSet, groupOf, isCustom, isNamespace, keyOf, type KubernetesObject, nameOf, type ObjectReference } from '../manifests/kubernetes-object';
import type { Prepared } from '../manifests/prepare';
import { job } from '../readiness/kinds/job';
import { isOfAccount } from '../stack/account';
import { refuseGoing } from '../stack/going-namespace';
import { type Stack, stackId, stackLabel, stackOf } from '../stack/stack';
import { isAsDeclared } from './as-declared';
import { asSaid, asThere, claimed, narrowPlaces } from './defaults-in-the-way';
import { changesBetween, contentOf } from './field-changes';
import {
  foreignFields,
  handOverManager,
  hasDeployer,
  isDeployer,
  ownFields,
  ownersOf,
  ownsTheSame,
  type Writer,
  withoutLeftBehind,
  writerName,
} from './managed-fields';
import { inOrderOf } from './list-order';
import type { LookAt } from './live-objects';
import type { PlannedObject } from './plan';
import { configures, leadsTo } from './webhooks';

/** Whom the objects of a plan are planned with. */
export interface PlanContext {
  readonly cluster: Cluster;
  readonly stack: Stack;
  /** All objects of the set. */
  readonly all: readonly Prepared[];
  readonly lookAt: LookAt;
  /** Fields that others own are taken over. */
  readonly forceConflicts: boolean;
  /** What was planned of the same objects a moment ago, by key: it holds where the live one is still the same. */
  readonly earlier?: ReadonlyMap<string, PlannedObject>;
  /** Keys of what the stack has by its inventory. */
  readonly known: ReadonlySet<string>;
}

/** An object that can't be applied: what is wrong, and whether the manifest is (exit code 2) or it is refused for safety (3). */
export interface ObjectFault {
  readonly fault: string;
  readonly isManifests: boolean;
}

/**
 * What applying one object does, by the server's own dry run; one that is as its manifest says by the server's own account needs none.
 *
 * @throws Refused when it is a namespace that is being deleted
 */
export async function planObject(prepared: Prepared, context: PlanContext): Promise<PlannedObject | ObjectFault> {
  const { stack, earlier, known, lookAt } = context;
  const basis = { ...prepared, changes: [], notes: [], force: false, verified: true };
  if (prepared.awaitsKind) return planAwaiting(basis, context);
  if (earlier === undefined && !known.has(keyOf(prepared.reference))) {
    const planned = await planUnseen(basis, context);
    if (planned !== undefined) return planned;
  }
  const live = await lookAt(prepared);
  const before = earlier?.get(keyOf(prepared.reference));
  if (before?.verified === true && before.live?.metadata.resourceVersion === live?.metadata.resourceVersion) return before;
  try {
    return live === undefined ? await planNew(basis, context) : (planUntouchable({ ...basis, live }, stack) ?? (await planChange({ ...basis, live }, context)));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (live !== undefined && error.isWebhookDown) return planUntried({ ...basis, live, ...awaitingWebhook(prepared, error, context) }, context);
    return faultOf(prepared, error);
  }
}

/** A stack's label is its namespace and its name. */
function ownerCure(owner: string, { group, kind, namespace, name }: ObjectReference): string {
  const [ownNamespace = '', ownName = ''] = owner.split('.');
  const type = `${kind.toLowerCase()}${group === '' ? '' : `.${group}`}`;
  const command = `kubectl label ${type} ${name}${namespace === undefined ? '' : ` -n ${namespace}`} ${stackLabel}-`;
  return `take it out of these manifests; where they are that stack, say so with -n ${ownNamespace} --name ${ownName}; where that stack is not to have it any more, take it from that with ${command}`;
}

type Basis = Omit<PlannedObject, 'action'>;

/** What is another stack's, or goes. @returns nothing where it is to be tried @throws Refused when it is a namespace that goes */
function planUntouchable(basis: Basis & { readonly live: KubernetesObject }, stack: Stack): PlannedObject | ObjectFault | undefined {
  if (isOfAccount(basis.live)) return refusal(basis, 'is what Berth keeps of a stack, its inventory or a revision: give it another name');
  const owner = stackOf(basis.live);
  if (owner !== undefined && owner !== stackId(stack))
    return refusal(basis, `belongs to the stack ${owner}: one object has one stack: ${ownerCure(owner, basis.reference)}`);
  if (basis.live.metadata.deletionTimestamp === undefined) return undefined;
  if (isNamespace(basis.reference)) refuseGoing(basis.live);
  return { ...basis, action: 'replace', verified: false, notes: ['is being deleted: made anew when it is gone'] };
}

/** What is of a kind, or of a version of one, that is made in the same deployment. Where another version is served, the object may be there: it is tried as one of that. */
async function planAwaiting(basis: Basis, context: PlanContext): Promise<PlannedObject | ObjectFault> {
  const { cluster, stack } = context;
  const { location, object, reference } = basis;
  const resource = await cluster.discovery.servedAs(reference.group, reference.kind);
  const live = resource && (await cluster.get({ ...location, resource }));
  if (live === undefined) return { ...basis, action: 'create', verified: false, notes: ['its kind is made in the same deployment'] };
  const untouchable = planUntouchable({ ...basis, live }, stack);
  if (untouchable !== undefined) return untouchable;
  const { apiVersion } = resource!;
  const untried = { ...basis, live, verified: false, notes: [`its kind gets the version ${object.apiVersion} in the same deployment`] };
  try {
    const planned = await planChange({ ...basis, live, location: { ...location, resource: resource! }, object: { ...object, apiVersion } }, context);
    if ('fault' in planned) return planned;
    const { action, changes, force, notes } = planned;
    return { ...untried, action: action === 'unchanged' ? 'change' : action, changes, force, notes: [...untried.notes, ...notes] };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // the server looks at what each manager owns in the version in which that was written
    const [, field] = /(\S+): field not declared in schema/.exec(error.message) ?? [];
    if (field !== undefined)
      return wrong(
        basis,
        `was written as ${apiVersion}, which has no ${field.replace(/^\./, '')}, so the server can't merge it: deploy it once as ${object.apiVersion} without, then with it`,
      );
    // whose fields are can be told without the server
    return planUntried({ ...untried, live }, context);
  }
}

/** A change, as far as it can be told without the server. */
function planUntried(basis: Basis & { readonly live: KubernetesObject }, context: PlanContext): PlannedObject | ObjectFault {
  const { live } = basis;
  const kept = replicasToKeep(basis, context.all);
  const object = kept === undefined ? basis.object : withReplicas(basis.object, kept);
  const conflicts = foreignFields(live, object);
  const foreign = conflicts.filter((conflict) => !isSettled(conflict, basis, context));
  if (foreign.length > 0 && !context.forceConflicts) return refusal(basis, conflictWords(foreign));
  const takesOver = hasDeployer(live);
  const next = merged(live, { ...object, apiVersion: live.apiVersion }) as KubernetesObject;
  return {
    ...basis,
    action: hasFailed(live) ? 'replace' : 'change',
    changes: changesBetween(live, takesOver ? withoutLeftBehind(next, object) : next),
    force: conflicts.length > 0,
    ...(kept === undefined ? {} : { handsOver: kept }),
    notes: [...basis.notes, ...(takesOver ? [takeoverWords] : []), ...(kept === undefined ? [] : [keptWords(kept)]), ...foreign.map(takenWords)],
  };
}

/** What is said of an object at which a webhook looks that doesn't answer. Its write waits, and holds up nothing that could mend the webhook. */
function awaitingWebhook({ object }: Prepared, error: ApiError, { all }: PlanContext): Pick<PlannedObject, 'verified' | 'notes' | 'isLast'> {
  const isMadeHere = all.some((other) => configures(other.object, error) || leadsTo(other.object, error));
  return {
    verified: false,
    notes: [`a webhook that looks at it doesn't answer: ${error.message}`],
    ...((isMadeHere || isCustom(object.apiVersion)) && { isLast: true }),
  };
}

/**
 * What the stack doesn't know is mostly new: then one dry run says so, without a look at it first.
 *
 * @returns nothing where it has to be looked at
 */
async function planUnseen(basis: Basis, { cluster, all }: PlanContext): Promise<PlannedObject | ObjectFault | undefined> {
  try {
    return (await cluster.wouldCreate(basis.location, basis.object)) ? { ...basis, action: 'create' } : undefined;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return error.isNotFound ? withoutNamespace(basis, all) : undefined;
  }
}

async function planNew(basis: Basis, context: PlanContext): Promise<PlannedObject | ObjectFault> {
  const { cluster, all } = context;
  try {
    await cluster.apply(basis.location, basis.object, { dryRun: true });
    return { ...basis, action: 'create' };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.isWebhookDown) return { ...basis, action: 'create', ...awaitingWebhook(basis, error, context) };
    const planned = error.isNotFound ? withoutNamespace(basis, all) : undefined;
    if (planned === undefined) throw error;
    return planned;
  }
}

/** What is made in a namespace that isn't there. @returns nothing for an object that is in none */
function withoutNamespace(basis: Basis, all: readonly Prepared[]): PlannedObject | ObjectFault | undefined {
  const { namespace } = basis.location;
  if (namespace === undefined) return undefined;
  if (makesNamespace(all, namespace)) return { ...basis, action: 'create', verified: false, notes: ['its namespace is made in the same deployment'] };
  return wrong(basis, `is in the namespace ${namespace}, which isn't there: make it with kubectl create namespace ${namespace}, or put it into the manifests`);
}

function makesNamespace(all: readonly Prepared[], namespace: string): boolean {
  return all.some(({ reference }) => isNamespace(reference, namespace));
}

async function planChange(basis: Basis & { readonly live: KubernetesObject }, context: PlanContext): Promise<PlannedObject | ObjectFault> {
  const { live } = basis;
  const kept = replicasToKeep(basis, context.all);
  const object = kept === undefined ? basis.object : withReplicas(basis.object, kept);
  const takesOver = hasDeployer(live);
  if (kept === undefined && !hasFailed(live) && !takesOver && isAsDeclared(live, object)) return { ...basis, action: 'unchanged' };
  const tried = await tryApply(object, basis, context);
  if ('fault' in tried) return tried;
  if ('immutable' in tried) return planReplacement(basis, tried.immutable);
  if (hasFailed(live))
    return { ...basis, action: 'replace', changes: changesBetween(live, tried.next), notes: ['it failed, and a Job that failed never runs again by itself'] };
  // the deployer's account is Berth's before it applies: what the manifest no longer says goes
  const whole = await tryWhole(inOrderOf(object, takesOver ? withoutLeftBehind(tried.next, object) : tried.next), tried.next, basis, context);
  if ('immutable' in whole) return planReplacement(basis, whole.immutable);
  const changes = changesBetween(live, whole.next);
  const isSame = changes.length === 0 && !takesOver && kept === undefined && ownsTheSame(live, tried.next);
  return {
    ...basis,
    action: isSame ? 'unchanged' : 'change',
    changes,
    force: tried.force,
    ...(tried.claims && { claims: tried.claims }),
    ...(kept === undefined ? {} : { handsOver: kept }),
    notes: [
      ...(takesOver ? [takeoverWords] : []),
      ...(kept === undefined ? [] : [keptWords(kept)]),
      ...tried.notes,
      ...(!takesOver && stackOf(live) === undefined ? [`was there already, without the label ${stackLabel}`] : []),
    ],
  };
}

/** What the server would make of an object, once Berth has what it claims. */
interface Merged {
  readonly next: KubernetesObject;
  readonly claims?: FieldSet;
}

type Tried = (Merged & { readonly force: boolean; readonly notes: readonly string[] }) | { readonly immutable: readonly string[] } | ObjectFault;

async function tryApply(object: KubernetesObject, basis: Basis & { readonly live: KubernetesObject }, context: PlanContext): Promise<Tried> {
  const { cluster, forceConflicts } = context;
  try {
    return { ...(await tryMerge(object, basis, cluster, false)), force: false, notes: [] };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.immutableFields.length > 0) return { immutable: error.immutableFields };
    const conflicts = conflictsOf(error);
    if (conflicts.length === 0) throw error;
    const foreign = conflicts.filter((conflict) => !isSettled(conflict, basis, context));
    if (foreign.length > 0 && !forceConflicts) return refusal(basis, conflictWords(foreign));
    return tryForced(object, basis, cluster, conflicts, foreign);
  }
}

/** What the server makes of an object: at once or, where its own defaults are in the way, without those. */
async function tryMerge(
  object: KubernetesObject,
  { location, live }: Basis & { readonly live: KubernetesObject },
  cluster: Cluster,
  force: boolean,
): Promise<Merged> {
  try {
    return { next: await cluster.apply(location, object, { dryRun: true, force }) };
  } catch (error) {
    const places = error instanceof ApiError && error.immutableFields.length === 0 ? narrowPlaces(live, object, error) : [];
    if (places.length === 0) throw error;
    try {
      const rest = await cluster.apply(location, asThere(object, live, places), { dryRun: true, force });
      const next = await cluster.patch(location, jsonPatch(contentOf(live), contentOf(asSaid(rest, object, places))), { dryRun: true });
      return { next: { ...next, metadata: { ...next.metadata, managedFields: rest.metadata.managedFields ?? [] } }, claims: claimed(live, places) };
    } catch {
      // something else is wrong
      throw error;
    }
  }
}

/** What the server makes of more than one apply does: it may refuse it, and puts its defaults where fields go. */
async function tryWhole(
  wanted: KubernetesObject,
  applied: KubernetesObject,
  { location, live }: Basis & { readonly live: KubernetesObject },
  { cluster }: PlanContext,
): Promise<Extract<Tried, { immutable: unknown }> | { readonly next: KubernetesObject }> {
  if (same(wanted, applied)) return { next: applied };
  try {
    return { next: await cluster.patch(location, jsonPatch(contentOf(live), contentOf(wanted)), { dryRun: true }) };
  } catch (error) {
    if (error instanceof ApiError && error.immutableFields.length > 0) return { immutable: error.immutableFields };
    throw error;
  }
}

async function tryForced(
  object: KubernetesObject,
  basis: Basis & { readonly live: KubernetesObject },
  cluster: Cluster,
  conflicts: readonly Conflict[],
  foreign: readonly Conflict[],
): Promise<Tried> {
  try {
    const tried = await tryMerge(object, basis, cluster, true);
    // a deployer's are settled before: who else comes in between is told
    return { ...tried, force: conflicts.some(({ writer }) => !isDeployer(writer)), notes: foreign.map(takenWords) };
  } catch (error) {
    if (error instanceof ApiError && error.immutableFields.length > 0) return { immutable: error.immutableFields };
    throw error;
  }
}

/** A field that another manager has set to another value. */
interface Conflict {
  readonly writer: Writer;
  readonly field: string;
}

function conflictsOf({ code, causes }: ApiError): Conflict[] {
  if (code !== 409) return [];
  return causes
    .filter(({ reason }) => reason === 'FieldManagerConflict')
    .map(({ field = '', message = '' }) => ({ writer: writerIn(message), field: field.replace(/^\./, '') }));
}

/** Of an update the server says too in which version and when it was: https://github.com/kubernetes/apimachinery/blob/master/pkg/util/managedfields/internal/conflict.go */
function writerIn(message: string): Writer {
  const [, manager = 'another manager', subresource, using] = /conflict with "([^"]+)"(?: with subresource "([^"]+)")?( using )?/.exec(message) ?? [];
  return { manager, operation: using === undefined ? 'Apply' : 'Update', ...(subresource === undefined ? {} : { subresource }) };
}

/** Conflicts that are none: with kubectl, which deployed it before; and over replicas that Berth itself left to an autoscaler that goes. */
function isSettled({ writer, field }: Conflict, { live, object }: Basis & { readonly live: KubernetesObject }, { all }: PlanContext): boolean {
  if (isDeployer(writer)) return true;
  return field === 'spec.replicas' && !isScaled(object, all) && ownersOf(live, ['f:spec', 'f:replicas']).some((owner) => owner.manager === handOverManager);
}

const takeoverWords = 'taken over from kubectl';

function keptWords(replicas: number): string {
  return `spec.replicas stays ${replicas} and is left to the autoscaler`;
}

function takenWords({ field, writer }: Conflict): string {
  return `takes ${field} over from ${writerName(writer)}`;
}

function conflictWords(conflicts: readonly Conflict[]): string {
  const words = conflicts.map(({ field, writer }) => `${field} was set by ${writerName(writer)}`);
  return `is also managed by others: ${words.join('; ')}: leave those fields out of the manifest, or take them over with --force-conflicts`;
}

/** How many replicas stay when a manifest no longer says a number because an autoscaler does. The server would put its default, 1. */
function replicasToKeep({ object, live }: Basis & { readonly live: KubernetesObject }, all: readonly Prepared[]): number | undefined {
  const [wanted, now] = [replicasOf(object), replicasOf(live)];
  if (wanted !== undefined || now === undefined || !isScaled(object, all)) return undefined;
  const owners = ownersOf(live, ['f:spec', 'f:replicas']);
  const isOurs = ownFields(live)?.['f:spec']?.['f:replicas'] !== undefined;
  const isDeployers = owners.some(isDeployer);
  return isOurs || isDeployers ? now : undefined;
}

function replicasOf({ spec }: KubernetesObject): number | undefined {
  return (spec as { replicas?: number } | undefined)?.replicas;
}

function withReplicas(object: KubernetesObject, replicas: number): KubernetesObject {
  return { ...object, spec: { ...(object.spec as object), replicas } };
}

/** Whether a HorizontalPodAutoscaler of the set scales it. */
function isScaled(object: KubernetesObject, all: readonly Prepared[]): boolean {
  return isScaledBy(
    all.map((prepared) => prepared.object),
    object,
  );
}

function isJob({ apiVersion, kind }: KubernetesObject): boolean {
  return kind === 'Job' && groupOf(apiVersion) === 'batch';
}

function hasFailed(live: KubernetesObject): boolean {
  return isJob(live) && job(live).state === 'Failed';
}

/** Objects with data are never deleted to be made anew; of others, Jobs are, and what says so. */
function planReplacement(basis: Basis & { readonly live: KubernetesObject }, fields: readonly string[]): PlannedObject | ObjectFault {
  const { object, live } = basis;
  const mayBe = isJob(object) || object.metadata.annotations?.[replaceMark] === 'true';
  // a Secret's values are in the manifest
  const never = object.kind === 'StatefulSet' || (object.kind !== 'Secret' && holdsData(basis.reference, live));
  if (mayBe && !never) return { ...basis, action: 'replace', changes: changesBetween(live, merged(live, object) as KubernetesObject) };
  const cure = never
    ? 'it holds data, so it is never deleted to be made anew: give the object another name, or put the field back'
    : `let it be deleted and made anew with the annotation ${replaceMark}: "true", give it another name, or put the field back`;
  return refusal(basis, `has fields that can't be changed (${fields.join(', ')}): ${cure}`);
}

/** On an object that may be deleted and made anew when a field of it can't be changed. */
export const replaceMark = 'berth.dev/replace';

function refusal({ place, reference }: Pick<Prepared, 'place' | 'reference'>, words: string): ObjectFault {
  return { fault: `${place}: ${nameOf(reference)} ${words}`, isManifests: false };
}

function wrong({ place, reference }: Pick<Prepared, 'place' | 'reference'>, words: string): ObjectFault {
  return { fault: `${place}: ${nameOf(reference)} ${words}`, isManifests: true };
}

/** What the server refuses of an object: by its words, which name the field. */
function faultOf({ place, reference }: Prepared, { code, message }: ApiError): ObjectFault {
  const words = code === 403 ? `may not be applied: ${message}` : `is refused by the cluster: ${message}`;
  const isTwice = /duplicate entries for key/.test(message);
  // to a server that merges a field that no schema has, and an element that is there twice, are a 500
  const isManifests = code === 400 || code === 422 || isTwice || /field not declared in schema/.test(message);
  return { fault: `${place}: ${nameOf(reference)} ${words}${isTwice ? ': leave one of them out' : ''}`, isManifests };
}

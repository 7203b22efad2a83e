import { keyOf, nameOf, type ObjectReference } from '../manifests/kubernetes-object';
import { conditionOf } from '../readiness/conditions';
import { podsOf } from '../readiness/pods';
import { type Needs, needsOf, reaches } from './needs';
import { podsNowOf } from './pod-findings';
import { verdictsOf } from './rules';
import type { Scene, SceneObject, Unseen } from './scene';
import { lacksAddress } from './services';
import { isUnderWay } from './under-way';
import type { Verdict } from './verdict';

/** Something that isn't well because of something else. */
export interface Follower {
  readonly object: ObjectReference;
  readonly why: string;
}

/** A root cause, and all that follows from it. */
export interface Cause extends Verdict {
  readonly followers: readonly Follower[];
}

/** What doctor says of a stack. */
export interface Diagnosis {
  /** `broken` with causes; `progressing` when something is on its way and nothing is wrong with it. */
  readonly state: 'healthy' | 'progressing' | 'broken';
  readonly causes: readonly Cause[];
  readonly underWay: readonly Follower[];
  readonly unseen: readonly Unseen[];
}

/** Rules whose findings are normal for a moment, while the object or what it needs starts. */
const passing: ReadonlySet<string> = new Set(['says-unready', 'not-answering', 'probe-port', 'peer-down', 'database-down', 'init-container']);

/**
 * Joins what the rules find: one cause for what goes wrong for one reason.
 *
 * @param isPatient - whether what is normal for a moment is no cause while something is under way. @default true
 */
export function diagnose(scene: Scene, isPatient = true): Diagnosis {
  const all = verdictsOf(scene).map((verdict) => (isOfMissing(verdict, scene) ? { ...verdict, isSymptom: true } : verdict));
  const [first] = all;
  const lockedOut = first?.rule === 'kubeconfig-expired' || first?.rule === 'no-rights';
  if (first !== undefined && lockedOut) return { state: 'broken', causes: [{ ...first, followers: [] }], underWay: [], unseen: scene.unseen };
  const needs = needsOf(scene);
  const unready = scene.objects.filter(({ readiness }) => readiness.state !== 'Current');
  const moving = unready.filter((object) => isUnderWay(object, scene) && object.reference.kind !== 'PersistentVolumeClaim');
  const { mains, also } = mainVerdicts(all);
  const lasting = isPatient ? mains.filter((verdict) => !isPassing(verdict, moving, needs)) : mains;
  const roots = lasting.filter((verdict) => !lasting.some((other) => explains(other, verdict, needs)));
  const causes = roots.map((root) => withFollowers(root, roots, mains, also, unready, needs, scene));
  const told = new Set(causes.flatMap((cause) => [keyOf(cause.subject), ...cause.followers.map(({ object }) => keyOf(object))]));
  const underWay = moving
    .filter(({ reference }) => !told.has(keyOf(reference)))
    .map(({ reference, readiness }) => ({ object: reference, why: readiness.message }));
  return { state: causes.length > 0 ? 'broken' : underWay.length > 0 ? 'progressing' : 'healthy', causes, underWay, unseen: scene.unseen };
}

/** What misses an object that the stack should have suffers from that. */
function isOfMissing({ fault }: Verdict, { objects }: Scene): boolean {
  return fault !== undefined && objects.some(({ reference, readiness }) => readiness.state === 'NotFound' && nameOf(reference) === fault);
}

/** One verdict an object, a cause before a symptom; and one of those that name the same fault. The others are told with it. */
function mainVerdicts(all: readonly Verdict[]): { readonly mains: readonly Verdict[]; readonly also: ReadonlyMap<Verdict, readonly Verdict[]> } {
  const bySubject = new Map<string, Verdict[]>();
  for (const verdict of all) bySubject.set(keyOf(verdict.subject), [...(bySubject.get(keyOf(verdict.subject)) ?? []), verdict]);
  const firsts = [...bySubject.values()].map((verdicts) => verdicts.find(({ isSymptom }) => !isSymptom) ?? verdicts[0]!);
  const also = new Map<Verdict, Verdict[]>();
  const mains = firsts.filter((verdict) => {
    const same = firsts.find((other) => other.fault !== undefined && other.fault === verdict.fault && other.rule === verdict.rule)!;
    if (same === undefined || same === verdict) return true;
    also.set(same, [...(also.get(same) ?? []), verdict]);
    return false;
  });
  return { mains, also };
}

/** A start, or a rollout of what it needs. */
function isPassing(verdict: Verdict, moving: readonly SceneObject[], needs: Needs): boolean {
  if (!passing.has(verdict.rule) || !verdict.isSymptom) return false;
  const key = keyOf(verdict.subject);
  return moving.some(({ reference }) => keyOf(reference) === key || reaches(needs, key, keyOf(reference)));
}

/** A symptom comes from what it needs; of two symptoms that need each other the first in the table is told. */
function explains(other: Verdict, verdict: Verdict, needs: Needs): boolean {
  if (other === verdict || !verdict.isSymptom) return false;
  const [from, to] = [keyOf(verdict.subject), keyOf(other.subject)];
  return reaches(needs, from, to) && !(other.isSymptom && reaches(needs, to, from));
}

function withFollowers(
  root: Verdict,
  roots: readonly Verdict[],
  mains: readonly Verdict[],
  also: ReadonlyMap<Verdict, readonly Verdict[]>,
  unready: readonly SceneObject[],
  needs: Needs,
  scene: Scene,
): Cause {
  const isOfRoot = (reference: ObjectReference) => roots.find((each) => reaches(needs, keyOf(reference), keyOf(each.subject))) === root;
  const verdicts = [...(also.get(root) ?? []), ...mains.filter((verdict) => !roots.includes(verdict) && isOfRoot(verdict.subject))];
  const followers = [
    ...verdicts.map(({ subject, cause }) => ({ object: subject, why: cause })),
    ...unready
      .filter(({ object }) => object === undefined || !lacksAddress(object))
      .filter(({ reference }) => !roots.some(({ subject }) => keyOf(subject) === keyOf(reference)) && isOfRoot(reference))
      .map(({ reference, readiness }) => ({ object: reference, why: readiness.message })),
  ];
  const distinct = [...new Map([...followers].reverse().map((follower) => [keyOf(follower.object), follower])).values()].reverse();
  return { ...root, cause: `${root.cause}${stillServing(root, scene)}`, followers: distinct };
}

/** A bad release whose rollout waits hurts nobody yet. */
function stillServing({ subject }: Verdict, scene: Scene): string {
  const deployment = scene.objects.find(({ reference }) => keyOf(reference) === keyOf(subject))?.object;
  if (deployment?.kind !== 'Deployment') return '';
  const newest = new Set(podsNowOf(deployment, scene));
  const old = podsOf(deployment, scene).filter((pod) => !newest.has(pod) && pod.metadata.deletionTimestamp === undefined && conditionOf(pod, 'Ready', 'True'));
  return old.length === 0 ? '' : `; the rollout is stuck, and the old revision serves on: ${old.length} of its pods ${old.length === 1 ? 'is' : 'are'} ready`;
}

/** A cause in one sentence. */
export function sentenceOf({ subject, cause }: Pick<Verdict, 'subject' | 'cause'>): string {
  return `${nameOf(subject)}: ${cause}`;
}

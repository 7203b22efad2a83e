import { createHash, randomBytes, scryptSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { Refused, UsageError } from '../exit-codes';
import { canonical, isObject } from '../manifests/json';
import type { KubernetesObject } from '../manifests/kubernetes-object';
import { keyOf } from '../manifests/kubernetes-object';
import { withoutValues } from '../stack/revisions';
import { contentOf } from './field-changes';
import type { Plan } from './plan';
import { type PlanSummary, summaryOf } from './plan-summary';

/** A text without values of Secrets. */
type Hidden = (text: string) => string;

/** A plan as a file: what it says, and by what it is bound to the cluster that it was made for and to what was seen there. It holds no value of a Secret. */
export interface SavedPlan {
  readonly kind: 'BerthPlan';
  readonly version: 2;
  /** The cluster's uid. */
  readonly cluster: string;
  /** How it was planned: so it is applied. */
  readonly flags: PlanningFlags;
  readonly summary: PlanSummary;
  /** By object: a digest of what was live, without its status, and of what is to be. */
  readonly seen: Readonly<Record<string, { readonly live: string; readonly wanted: string }>>;
  /** What the Secrets are to be, with their values: nothing where there are none. */
  readonly secrets?: SecretsDigest;
}

/** Of all Secrets together, salted and slow: who has the plan would have to guess every value at once, and has a few guesses a second. */
interface SecretsDigest {
  readonly salt: string;
  readonly digest: string;
}

/** Flags that a plan depends on. */
export interface PlanningFlags {
  readonly forceConflicts?: boolean;
  readonly pruneData?: readonly string[];
  readonly replaceAll?: boolean;
}

/** Those of a command line, the others left out. */
export function planningFlags({ forceConflicts, pruneData, replaceAll }: PlanningFlags): PlanningFlags {
  return { ...(forceConflicts && { forceConflicts }), ...(pruneData && { pruneData }), ...(replaceAll && { replaceAll }) };
}

/** A plan as it is saved. @param salt - of the digest of its Secrets. @default another one each time */
export function savedPlan(plan: Plan, cluster: string, flags: PlanningFlags, hidden: Hidden, salt = randomBytes(16).toString('hex')): SavedPlan {
  const objects = plan.objects.map(({ reference, live, object }) => [keyOf(reference), { live: digestOf(live), wanted: digestOf(object) }]);
  const leftovers = plan.leftovers.map(({ reference, live }) => [keyOf(reference), { live: digestOf(live), wanted: 'none' }]);
  const secrets = secretsDigest(plan, salt);
  return {
    kind: 'BerthPlan',
    version: 2,
    cluster,
    flags,
    summary: withHidden(summaryOf(plan), hidden),
    seen: Object.fromEntries([...objects, ...leftovers]) as SavedPlan['seen'],
    ...(secrets && { secrets }),
  };
}

/** A value may be in what isn't a Secret, such as a URL with a password. */
function withHidden(summary: PlanSummary, hidden: Hidden): PlanSummary {
  const shown = (value: unknown): unknown =>
    value === undefined ? undefined : JSON.parse(JSON.stringify(value), (_, member: unknown) => (typeof member === 'string' ? hidden(member) : member));
  const objects = summary.objects.map(({ changes, notes, ...rest }) => ({
    ...rest,
    ...(changes && { changes: changes.map(({ path, from, to }) => ({ path, from: shown(from), to: shown(to) })) }),
    ...(notes && { notes: notes.map(hidden) }),
  }));
  return { ...summary, objects };
}

/** For {@link scryptSync}: 64 MiB and about a fifth of a second. https://www.rfc-editor.org/rfc/rfc7914#section-2 */
const slowness = { N: 2 ** 16, r: 8, p: 1, maxmem: 2 ** 27 };

function secretsDigest({ objects }: Plan, salt: string): SecretsDigest | undefined {
  const secrets = objects.filter(({ object }) => object.kind === 'Secret').map(({ object }) => canonical(contentOf(object)));
  return secrets.length === 0 ? undefined : { salt, digest: scryptSync(secrets.sort().join('\n'), salt, 32, slowness).toString('hex') };
}

/** Of a Secret its keys, and which version of it there is: from a digest of a short value the value could be guessed. */
function digestOf(object: KubernetesObject | undefined): string {
  if (object === undefined) return 'none';
  const { uid = '', resourceVersion = '' } = object.metadata;
  return createHash('sha256')
    .update(canonical(contentOf(withoutValues(object))))
    .update(object.kind === 'Secret' ? `${uid} ${resourceVersion}` : '')
    .digest('hex');
}

/** Writes it where nobody else may read it. @throws UsageError when it can't be written */
export function writePlan(file: string, plan: SavedPlan): void {
  try {
    writeFileSync(file, `${JSON.stringify(plan, null, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    throw new UsageError(`the plan can't be written to ${file} (${(error as NodeJS.ErrnoException).code}): name another file with --save`, { cause: error });
  }
}

/** @throws UsageError when it is none */
export function readPlan(file: string): SavedPlan {
  let value;
  try {
    value = JSON.parse(readFileSync(file, 'utf8')) as SavedPlan | null;
  } catch (error) {
    throw new UsageError(`${file} can't be read as a plan: save one with berth plan --save ${file}`, { cause: error });
  }
  if (!isPlan(value)) throw new UsageError(`${file} is no plan of this version of berth: save one with berth plan --save ${file}`);
  return value;
}

function isPlan(value: Partial<SavedPlan> | null): value is SavedPlan {
  if (value?.kind !== 'BerthPlan' || value.version !== 2) return false;
  return isObject(value.flags) && isObject(value.summary) && isObject(value.seen) && Object.values(value.seen).every(isObject);
}

/**
 * Whether a plan that is made now is the saved one.
 *
 * @throws Refused with what is different: the cluster, the manifests, or what is live
 */
export function checkSaved(saved: SavedPlan, plan: Plan, cluster: string, hidden: Hidden): void {
  const again = 'nothing was written: plan again, and look at it';
  if (saved.cluster !== cluster) throw new Refused(`the saved plan was made for another cluster; ${again}`);
  const now = savedPlan(plan, cluster, saved.flags, hidden, saved.secrets?.salt);
  const keys = [...new Set([...Object.keys(saved.seen), ...Object.keys(now.seen)])];
  const moved = keys.filter((key) => saved.seen[key]?.live !== now.seen[key]?.live);
  const edited = keys.filter((key) => saved.seen[key]?.wanted !== now.seen[key]?.wanted);
  if (edited.length > 0) throw new Refused(`the manifests are not those of the saved plan (${shown(edited)}); ${again}`);
  if (saved.secrets?.digest !== now.secrets?.digest) throw new Refused(`a Secret of the manifests has another value than in the saved plan; ${again}`);
  if (moved.length > 0) throw new Refused(`the cluster is not as it was when the plan was saved (${shown(moved)}); ${again}`);
  if (canonical(saved.summary.objects) !== canonical(JSON.parse(JSON.stringify(now.summary.objects))))
    throw new Refused(`what is to be done is not what the saved plan says; ${again}`);
}

/** The first few keys, as people read them. */
function shown(keys: readonly string[]): string {
  const names = keys.slice(0, 3).map((key) =>
    key
      .split('/')
      .slice(1)
      .filter((part) => part !== '')
      .join('/'),
  );
  return keys.length > 3 ? `${names.join(', ')} and ${keys.length - 3} more` : names.join(', ');
}

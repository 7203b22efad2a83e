import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { Refused, UsageError } from '../exit-codes';
import { canonical } from '../manifests/json';
import type { KubernetesObject } from '../manifests/kubernetes-object';
import { keyOf } from '../manifests/kubernetes-object';
import { withoutValues } from '../stack/revisions';
import { contentOf } from './field-changes';
import type { Plan } from './plan';
import { type PlanSummary, summaryOf } from './plan-summary';

/** A plan as a file: what it says, and by what it is bound to the cluster that it was made for and to what was seen there. It holds no value of a Secret. */
export interface SavedPlan {
  readonly kind: 'BerthPlan';
  readonly version: 1;
  /** The cluster's uid. */
  readonly cluster: string;
  /** How it was planned: so it is applied. */
  readonly flags: PlanningFlags;
  readonly summary: PlanSummary;
  /** By object: a digest of what was live, without its status, and of what is to be. */
  readonly seen: Readonly<Record<string, { readonly live: string; readonly wanted: string }>>;
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

/** A plan as it is saved. */
export function savedPlan(plan: Plan, cluster: string, flags: PlanningFlags): SavedPlan {
  const objects = plan.objects.map(({ reference, live, object }) => [keyOf(reference), { live: digestOf(live), wanted: digestOf(object) }]);
  const leftovers = plan.leftovers.map(({ reference, live }) => [keyOf(reference), { live: digestOf(live), wanted: 'none' }]);
  return { kind: 'BerthPlan', version: 1, cluster, flags, summary: summaryOf(plan), seen: Object.fromEntries([...objects, ...leftovers]) as SavedPlan['seen'] };
}

/** Of a Secret its keys alone: from a digest of a short value the value could be guessed. */
function digestOf(object: KubernetesObject | undefined): string {
  if (object === undefined) return 'none';
  return createHash('sha256')
    .update(canonical(contentOf(withoutValues(object))))
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
  if (value?.kind !== 'BerthPlan' || value.version !== 1)
    throw new UsageError(`${file} is no plan of this version of berth: save one with berth plan --save ${file}`);
  return value;
}

/**
 * Whether a plan that is made now is the saved one.
 *
 * @throws Refused with what is different: the cluster, the manifests, or what is live
 */
export function checkSaved(saved: SavedPlan, plan: Plan, cluster: string): void {
  const again = 'nothing was written: plan again, and look at it';
  if (saved.cluster !== cluster) throw new Refused(`the saved plan was made for another cluster; ${again}`);
  const now = savedPlan(plan, cluster, saved.flags);
  const keys = [...new Set([...Object.keys(saved.seen), ...Object.keys(now.seen)])];
  const moved = keys.filter((key) => saved.seen[key]?.live !== now.seen[key]?.live);
  const edited = keys.filter((key) => saved.seen[key]?.wanted !== now.seen[key]?.wanted);
  if (edited.length > 0) throw new Refused(`the manifests are not those of the saved plan (${shown(edited)}); ${again}`);
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

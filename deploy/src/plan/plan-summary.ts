import { nameOf } from '../manifests/kubernetes-object';
import type { FieldChange } from './field-changes';
import { isEmpty, type Plan } from './plan';

/** A plan as machines read it (`-o json`), and as two plans are compared. It holds no value of a Secret. */
export interface PlanSummary {
  readonly stack: string;
  readonly namespace: string;
  /** Whether apply would write nothing. */
  readonly empty: boolean;
  readonly objects: readonly {
    readonly object: string;
    readonly action: 'create' | 'change' | 'replace' | 'unchanged' | 'prune' | 'keep' | 'gone' | 'lost';
    readonly changes?: readonly FieldChange[];
    readonly verified?: false;
    readonly notes?: readonly string[];
  }[];
}

/** A plan's summary. */
export function summaryOf(plan: Plan): PlanSummary {
  const objects = plan.objects.map(({ reference, action, changes, verified, notes }) => ({
    object: nameOf(reference),
    action,
    ...(changes.length > 0 ? { changes } : {}),
    ...(verified ? {} : { verified: false as const }),
    ...(notes.length > 0 ? { notes } : {}),
  }));
  const leftovers = plan.leftovers.map(({ reference, fate, reason }) => ({
    object: nameOf(reference),
    action: fate,
    ...(reason === undefined ? {} : { notes: [reason] }),
  }));
  return { stack: plan.stack.name, namespace: plan.stack.namespace, empty: isEmpty(plan), objects: [...objects, ...leftovers] };
}

import type { Prepared } from '../manifests/prepare';
import type { FieldSet, KubernetesObject, ObjectReference } from '../manifests/kubernetes-object';
import type { Location } from '../cluster/cluster';
import type { Stack } from '../stack/stack';
import type { FieldChange } from './field-changes';

/** What happens to an object: `replace` deletes it and makes it anew, because a field of it can't be changed, or because it is a Job that failed. */
export type Action = 'create' | 'change' | 'replace' | 'unchanged';

/** One object of the manifests, and what apply does with it. */
export interface PlannedObject extends Prepared {
  readonly action: Action;
  /** Of a change and of a replacement; none of a change means that only the account of who owns what changes. */
  readonly changes: readonly FieldChange[];
  /** Whether the server said so. What is made in a namespace or of a kind that isn't there yet, or waits for a webhook, can't be tried. */
  readonly verified: boolean;
  /** Sentences for people. */
  readonly notes: readonly string[];
  /** Fields are taken over, from kubectl or because it was asked for. */
  readonly force: boolean;
  /** What nobody owns and the manifest leaves no room for: Berth takes it to itself, so that it goes. */
  readonly claims?: FieldSet;
  /** Replicas that are kept while an autoscaler takes over. */
  readonly handsOver?: number;
  /** Written when all the rest is: a webhook that doesn't answer looks at it, and the rest may be what mends that. */
  readonly isLast?: true;
  /** As it was when the plan was made. */
  readonly live?: KubernetesObject;
}

/** What becomes of an object that the stack has and the manifests don't. `gone`: somebody deleted it. `lost`: it isn't the stack's any more. */
export type Fate = 'prune' | 'keep' | 'gone' | 'lost';

/** An object that is in the inventory alone. */
export interface Leftover {
  readonly reference: ObjectReference;
  /** The version in which it was found, else that of the inventory. */
  readonly apiVersion: string;
  readonly fate: Fate;
  /** Why it is kept, or lost. */
  readonly reason?: string;
  /** Where it is; nothing when it is gone, or nobody can tell. */
  readonly location?: Location;
  readonly live?: KubernetesObject;
}

/** What apply would do, as a value. */
export interface Plan {
  readonly stack: Stack;
  readonly objects: readonly PlannedObject[];
  readonly leftovers: readonly Leftover[];
  /** Objects that the inventory doesn't know yet, or knows for nothing. */
  readonly inventoryDiffers: boolean;
  /** The last revision is another one, or none. */
  readonly recordsRevision: boolean;
}

/** Whether apply would write anything. */
export function isEmpty({ objects, leftovers, inventoryDiffers, recordsRevision }: Plan): boolean {
  return !inventoryDiffers && !recordsRevision && objects.every(({ action }) => action === 'unchanged') && leftovers.every(({ fate }) => fate === 'keep');
}

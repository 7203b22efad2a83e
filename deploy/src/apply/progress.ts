import type { ObjectReference } from '../manifests/kubernetes-object';
import type { Plan } from '../plan/plan';
import type { Standing } from '../readiness/wait';

/** What a deployment tells while it goes on. */
export interface Progress {
  /** What will be done; once more when the cluster moved while the lock was waited for. */
  plan(plan: Plan): void;
  /** A sentence. */
  note(sentence: string): void;
  /** Something was done to an object: `created`, `changed`, `replaced`, `pruned`. */
  did(verb: string, reference: ObjectReference): void;
  /** What is known of an object that is waited for has changed. */
  stands(standing: Standing): void;
  /** Nothing is waited for any more. */
  waited(): void;
}

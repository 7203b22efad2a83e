import type { KubernetesObject } from '../manifests/kubernetes-object';
import type { Condition } from './conditions';

/**
 * Where an object stands, in the words of kstatus: `Current` is as its manifest wants it, `Failed` won't become so by itself.
 * https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus
 */
export type State = 'Current' | 'InProgress' | 'Failed' | 'Terminating' | 'NotFound';

/** An object's state, and why in a few words. */
export interface Readiness {
  readonly state: State;
  readonly message: string;
}

/** What a kind's rule may look at beside the object. */
export interface Surroundings {
  /** Addresses that answer for a Service, of those that there are. `undefined` when nobody asked. */
  readonly endpoints?: { readonly ready: number; readonly all: number };
  /** Milliseconds since 1970, by the server's clock. */
  readonly now: number;
}

/** A kind's rule: what only it knows. */
export type Rule = (object: KubernetesObject, surroundings: Surroundings) => Readiness;

/** An object that is as it should be. */
export const current: Readiness = { state: 'Current', message: '' };

/** An object that is on its way. */
export function inProgress(message: string): Readiness {
  return { state: 'InProgress', message };
}

/** An object that won't become ready by itself. */
export function failed(message: string): Readiness {
  return { state: 'Failed', message };
}

/** A condition as people read it. */
export function words({ reason, message, type }: Condition): string {
  return [reason ?? type, message].filter((part) => part !== undefined && part !== '').join(': ');
}

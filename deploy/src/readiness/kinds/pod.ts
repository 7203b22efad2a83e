import type { KubernetesObject } from '../../manifests/kubernetes-object';
import { anyConditionOf, conditionOf } from '../conditions';
import { current, failed, inProgress, type Readiness, words } from '../state';

/** Ready when it is ready, or has ended well. One that failed has failed, though kstatus takes it for done. */
export function pod(object: KubernetesObject): Readiness {
  const { phase, reason, message } = (object.status ?? {}) as { phase?: string; reason?: string; message?: string };
  if (phase === 'Succeeded') return current;
  if (phase === 'Failed') return failed([reason ?? 'it failed', message].filter(Boolean).join(': '));
  if (conditionOf(object, 'Ready', 'True') !== undefined) return current;
  const unscheduled = conditionOf(object, 'PodScheduled', 'False');
  if (unscheduled !== undefined) return inProgress(words(unscheduled));
  const ready = anyConditionOf(object, 'Ready');
  return inProgress(ready === undefined ? (phase ?? 'it was not seen yet') : words(ready));
}

import type { KubernetesObject } from '../../manifests/kubernetes-object';
import { conditionOf } from '../conditions';
import { current, failed, inProgress, type Readiness, words } from '../state';

/** Ready when it has done its work, not when it runs: what comes after a migration must find it done. */
export function job(object: KubernetesObject): Readiness {
  const { suspend = false } = object.spec as { suspend?: boolean };
  const { active = 0, failed: failures = 0 } = (object.status ?? {}) as { active?: number; failed?: number };
  const broken = conditionOf(object, 'Failed', 'True') ?? conditionOf(object, 'FailureTarget', 'True');
  if (broken !== undefined) return failed(`${words(broken)}: mend the cause and apply again, which makes it anew`);
  if (conditionOf(object, 'Complete', 'True') !== undefined) return current;
  if (suspend) return current;
  const tries = failures > 0 ? `, ${failures} failed before` : '';
  return inProgress(active > 0 ? `running${tries}` : `waiting for its pod${tries}`);
}

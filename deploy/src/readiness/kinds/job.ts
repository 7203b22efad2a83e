import type { KubernetesObject } from '../../manifests/kubernetes-object';
import { conditionOf } from '../conditions';
import { cronJobOf } from '../cron-job-runs';
import { current, failed, inProgress, type Readiness, words } from '../state';

/** Ready when it has done its work, not when it runs: what comes after a migration must find it done. For a CronJob's run nobody waits. */
export function job(object: KubernetesObject): Readiness {
  const { suspend = false } = object.spec as { suspend?: boolean };
  const { active = 0, ready = 0, failed: failures = 0 } = (object.status ?? {}) as { active?: number; ready?: number; failed?: number };
  const cronJob = cronJobOf(object);
  const broken = conditionOf(object, 'Failed', 'True') ?? conditionOf(object, 'FailureTarget', 'True');
  const remedy = cronJob === undefined ? ', which makes it anew' : `: CronJob ${cronJob.name} makes its next run from that`;
  if (broken !== undefined) return failed(`${words(broken)}: mend the cause and apply again${remedy}`);
  if (conditionOf(object, 'Complete', 'True') !== undefined) return current;
  if (suspend || (cronJob !== undefined && ready > 0)) return current;
  const tries = failures > 0 ? `, ${failures} failed before` : '';
  return inProgress(active > 0 ? `running${tries}` : `waiting for its pod${tries}`);
}

import { referenceOf } from '../../manifests/kubernetes-object';
import { connectionsOf, isDatabase } from '../connections';
import { downFinding } from '../dependencies';
import { logsCommand, perPod } from '../pod-findings';
import { podStatusOf } from '../container-status';
import { logKey, type Scene } from '../scene';
import { plainLine } from '../log-words';
import type { Finding, Rule } from '../verdict';

/** A database that a workload needs, and that does not answer. */
export const databaseDown: Rule = {
  name: 'database-down',
  look: (scene) => {
    const inside = connectionsOf(scene)
      .filter(isDatabase)
      .flatMap((connection) => downFinding(scene, connection) ?? []);
    const explained = new Set(
      connectionsOf(scene)
        .filter(isDatabase)
        .map(({ workload }) => referenceOf(workload).name),
    );
    return [...inside, ...outside(scene).filter(({ subject }) => !explained.has(subject.name))];
  },
};

/** One that is not in the cluster: by the words of who needs it. */
function outside(scene: Scene): readonly Finding[] {
  return perPod(scene, (pod) => {
    const database = scene.health.get(pod.metadata.uid ?? '')?.checks['database'];
    if (database?.status !== 'unavailable' || !/can't be read/.test(database.detail ?? '')) return undefined;
    const [container] = podStatusOf(pod).containerStatuses ?? [];
    const log = scene.logs.get(logKey(pod, container?.name ?? '', false))?.split('\n') ?? [];
    const line = log.findLast((each) => /ECONNREFUSED|ENOTFOUND|ETIMEDOUT|could not be reached|can't be reached/.test(each));
    return {
      cause: `its database does not answer: ${database.detail}`,
      evidence: [`readiness answer: database is unavailable: ${database.detail}`, ...(line === undefined ? [] : [plainLine(line)])],
      next: [logsCommand(pod, container?.name ?? '', false)],
      certainAfterMs: Infinity,
    };
  });
}

import { perEnding } from '../endings';
import { containersOf, podLabelsOf, podSpecOf } from '../../manifests/pod-spec';
import { logsCommand } from '../pod-findings';
import type { Rule } from '../verdict';
import type { KubernetesObject } from '../../manifests/kubernetes-object';

const blames = /ECONNREFUSED|ENOTFOUND|can't be reached|could not connect|connection refused/i;

/** A Job that should make the schema, and fails. */
export const migrationFailed: Rule = {
  name: 'migration-failed',
  isQuick: true,
  look: (scene) =>
    perEnding(scene, ({ words, status, pod, workload, ending, log }) => {
      if (workload.kind !== 'Job' || !isMigration(workload)) return undefined;
      return {
        cause: `the migration fails: container ${status.name} ends with exit code ${ending.exitCode}${words === undefined ? '' : `: ${words.line}`}`,
        evidence: words?.excerpt ?? [],
        next: [logsCommand(pod, status.name, ending.isPrevious), `kubectl describe job ${workload.metadata.name} -n ${workload.metadata.namespace}`],
        certainAfterMs: Infinity,
        isSymptom: words !== undefined && blames.test(words.excerpt.join('\n')),
        log,
      };
    }),
};

function isMigration(job: KubernetesObject): boolean {
  const words = containersOf(podSpecOf(job)).flatMap(({ command = [], args = [], name }) => [...command, ...args, name]);
  return podLabelsOf(job)['app.kubernetes.io/component'] === 'migration' || [job.metadata.name, ...words].some((word) => /migrat/i.test(word));
}

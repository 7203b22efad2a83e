import { eventWords } from '../events';
import { logsCommand } from '../pod-findings';
import { type Killed, patienceOf, perKill } from '../probes';
import type { Rule } from '../verdict';

/** A container that its liveness probe kills: before it has started, or because it does not answer. */
export const livenessProbe: Rule = {
  name: 'liveness-probe',
  look: (scene) =>
    perKill(scene, 'Liveness', (killed) => {
      const { killing, failing, status, pod, certainAfterMs } = killed;
      return {
        cause: `container ${status.name} ${why(killed)}`,
        evidence: [eventWords(killing), ...(failing === undefined ? [] : [eventWords(failing)])],
        next: [
          logsCommand(pod, status.name, true),
          `kubectl get pod ${pod.metadata.name} -n ${pod.metadata.namespace} -o jsonpath='{.spec.containers[*].livenessProbe}'`,
        ],
        certainAfterMs,
      };
    }),
};

function why({ probe, failing, status }: Killed): string {
  const patience = patienceOf(probe);
  const { startedAt, finishedAt } = status.lastState?.terminated ?? {};
  const livedSeconds = Math.round((Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? '')) / 1000);
  const status404 = /statuscode: (\d+)/.exec(failing?.message ?? '')?.[1];
  if (status404 !== undefined) return `is killed by its liveness probe, which asks ${probe.httpGet?.path ?? '/'} and is answered ${status404}`;
  const isSlowStart = !(livedSeconds > 2 * patience + 30);
  return isSlowStart
    ? `starts too slowly: its liveness probe kills it ${Number.isNaN(livedSeconds) ? patience : livedSeconds} s after its start, before it answers: give it a startupProbe, or raise initialDelaySeconds`
    : `is killed by its liveness probe after ${livedSeconds} s: it does not answer any more (${failing?.message ?? 'no words'})`;
}

import type { Hook } from '../../manifests/pod-spec';
import { perEnding } from '../endings';
import { eventsOf, eventWords } from '../events';
import { describeCommand, logsCommand } from '../pod-findings';
import type { Rule } from '../verdict';

/** A container that the kubelet kills, because what is to run right after its start fails. Without the kubelet's word for it nobody knows. */
export const postStartHook: Rule = {
  name: 'post-start-hook',
  look: (scene) =>
    perEnding(scene, ({ ending, status, spec, pod, times, certainAfterMs }) => {
      const hook = spec.lifecycle?.postStart;
      const event = eventsOf(scene, pod, status.name).findLast(({ reason }) => reason === 'FailedPostStartHook');
      if (hook === undefined || event === undefined || event.at < Date.parse(ending.startedAt ?? '')) return undefined;
      return {
        cause: `container ${status.name} is killed right after its start${times}: its postStart hook fails: ${askedBy(hook)}`,
        evidence: [eventWords(event)],
        next: [
          `kubectl get pod ${pod.metadata.name} -n ${pod.metadata.namespace} -o jsonpath='{.spec.containers[*].lifecycle.postStart}'`,
          logsCommand(pod, status.name, ending.isPrevious),
          describeCommand(pod),
        ],
        certainAfterMs,
      };
    }),
};

function askedBy({ exec, httpGet }: Hook): string {
  return exec?.command?.join(' ') ?? (httpGet === undefined ? 'what it does is in the pod' : `GET ${httpGet.path ?? '/'} of port ${httpGet.port}`);
}

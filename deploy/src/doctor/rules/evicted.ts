import { podStatusOf } from '../container-status';
import { eventLike, eventWords } from '../events';
import { containersOf, podSpecOf } from '../../manifests/pod-spec';
import { describeCommand, perPod } from '../pod-findings';
import { type Scene } from '../scene';
import type { Rule } from '../verdict';
import type { KubernetesObject } from '../../manifests/kubernetes-object';
import { conditionOf } from '../../readiness/conditions';

/** An evicted pod stays for the record: older ones say nothing of now. Milliseconds. */
const recentMs = 10 * 60_000;

/** A pod that its node threw out, mostly for what it wrote. */
export const evicted: Rule = {
  name: 'evicted',
  isQuick: true,
  look: (scene) =>
    perPod(scene, (pod) => {
      const { phase, reason, message = '' } = podStatusOf(pod);
      if (phase !== 'Failed' || reason !== 'Evicted' || isOver(pod, scene)) return undefined;
      const event = eventLike(scene, pod, /evict|exceed|usage/i);
      return {
        cause: `Evicted: ${message.trim()}`,
        evidence: [...(event === undefined ? [] : [eventWords(event)]), ...limitsOf(pod)],
        next: [describeCommand(pod), `kubectl get pods -n ${pod.metadata.namespace} --field-selector=status.phase=Failed`],
        // it is made anew
        certainAfterMs: Infinity,
      };
    }),
};

function isOver(pod: KubernetesObject, { now }: Scene): boolean {
  const at = Date.parse(conditionOf(pod, 'DisruptionTarget', 'True')?.lastTransitionTime ?? pod.metadata.creationTimestamp ?? '');
  return now > 0 && now - at > recentMs;
}

function limitsOf(pod: KubernetesObject): string[] {
  return containersOf(podSpecOf(pod)).flatMap(({ name, resources }) => {
    const limit = resources?.limits?.['ephemeral-storage'];
    return limit === undefined ? [] : [`container ${name} may write ${limit} (limits.ephemeral-storage)`];
  });
}

import { podSpecOf } from '../../manifests/pod-spec';
import { anyConditionOf } from '../../readiness/conditions';
import { podStatusOf, statusesOf } from '../container-status';
import { describeCommand, perPod } from '../pod-findings';
import type { Rule } from '../verdict';

/** A scheduler says within it whether a node takes a pod. Milliseconds. */
const answerMs = 30_000;

/** A pod at which no scheduler has looked: one of its name isn't there, or doesn't run. */
export const scheduler: Rule = {
  name: 'scheduler',
  look: (scene) =>
    perPod(scene, (pod) => {
      const { schedulerName = 'default-scheduler', nodeName } = podSpecOf(pod);
      const isTaken = nodeName !== undefined || statusesOf(pod).length > 0 || anyConditionOf(pod, 'PodScheduled') !== undefined;
      const isWaiting = podStatusOf(pod).phase === 'Pending' && !isTaken;
      if (!isWaiting || !(scene.now - Date.parse(pod.metadata.creationTimestamp ?? '') >= answerMs)) return undefined;
      return {
        cause: `no scheduler has looked at it: it asks for the scheduler "${schedulerName}": correct schedulerName, or start that scheduler`,
        evidence: [`spec.schedulerName ${schedulerName}, no condition PodScheduled since ${pod.metadata.creationTimestamp}`],
        next: ['kubectl get pods -A | grep -i scheduler', 'kubectl get leases -A | grep -i scheduler', describeCommand(pod)],
        certainAfterMs: Infinity,
      };
    }),
};

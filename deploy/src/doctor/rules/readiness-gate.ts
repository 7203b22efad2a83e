import { podSpecOf } from '../../manifests/pod-spec';
import { anyConditionOf, conditionOf } from '../../readiness/conditions';
import { words } from '../../readiness/state';
import { describeCommand, perPod } from '../pod-findings';
import { patienceMs } from '../under-way';
import type { Rule } from '../verdict';

/** A pod whose containers are ready, and that waits for somebody outside to say so too. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-readiness-gate */
export const readinessGate: Rule = {
  name: 'readiness-gate',
  look: (scene) =>
    perPod(scene, (pod) => {
      const { readinessGates = [] } = podSpecOf(pod);
      const gate = readinessGates.find(({ conditionType }) => conditionOf(pod, conditionType, 'True') === undefined);
      const since = Date.parse(conditionOf(pod, 'ContainersReady', 'True')?.lastTransitionTime ?? '');
      if (gate === undefined || !(scene.now - since >= patienceMs)) return undefined;
      const condition = anyConditionOf(pod, gate.conditionType);
      const said = condition === undefined ? 'nobody has set this condition: is its controller running?' : `it is ${condition.status}: ${words(condition)}`;
      const ready = anyConditionOf(pod, 'Ready');
      return {
        cause: `its containers are ready, and its readiness gate ${gate.conditionType} is not met: ${said}`,
        evidence: ready === undefined ? [] : [words(ready)],
        next: [`kubectl get pod ${pod.metadata.name} -n ${pod.metadata.namespace} -o jsonpath='{.status.conditions}'`, describeCommand(pod)],
        certainAfterMs: Infinity,
      };
    }),
};

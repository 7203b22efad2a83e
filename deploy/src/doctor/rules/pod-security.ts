import { perRefusal } from '../refusals';
import type { Rule } from '../verdict';

/** Pods that the namespace's Pod Security refuses. */
export const podSecurity: Rule = {
  name: 'pod-security',
  isQuick: true,
  look: (scene) =>
    perRefusal(scene, /violates PodSecurity "([^"]+)": (.*)$/s, ([, level, why], words, { metadata: { namespace } }) => ({
      cause: `its pods are refused: the Pod Security of the namespace, ${level}, does not allow them: ${why}`,
      evidence: [words],
      next: [`kubectl get namespace ${namespace} --show-labels`],
      certainAfterMs: 0,
    })),
};

import { labelsText } from '../../manifests/selectors';
import { perUnscheduled } from '../scheduling';
import { taintsInTheWay } from '../taints';
import { podSpecOf } from '../../manifests/pod-spec';
import type { Rule } from '../verdict';

/** A pod that wants a node with labels that none has; where one has them and a taint, that is the cause. */
export const nodeSelector: Rule = {
  name: 'node-selector',
  isQuick: true,
  look: (scene) =>
    perUnscheduled(scene, /didn't match Pod's node affinity\/selector/, (_words, pod) => {
      if (taintsInTheWay(scene, pod).length > 0) return undefined;
      const { nodeSelector: wanted = {} } = podSpecOf(pod);
      const labels = labelsText(wanted);
      return {
        why: `no node has the labels that it asks for: ${labels || 'its node affinity'}`,
        evidence: scene.nodes.slice(0, 3).map(({ metadata: { name, labels: has = {} } }) => `node ${name} has ${labelsText(has)}`),
        next: ['kubectl get nodes --show-labels', ...(labels === '' ? [] : [`kubectl label node NODE ${labels.replaceAll(',', ' ')}`])],
      };
    }),
};

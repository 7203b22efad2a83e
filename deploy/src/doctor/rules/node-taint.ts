import { perUnscheduled } from '../scheduling';
import { taintsInTheWay } from '../taints';
import type { Rule } from '../verdict';

/** A pod that no node takes because of a taint that it doesn't tolerate. */
export const nodeTaint: Rule = {
  name: 'node-taint',
  isQuick: true,
  look: (scene) =>
    perUnscheduled(scene, /untolerated taint/, (words, pod) => {
      const found = taintsInTheWay(scene, pod);
      const named = [...words.matchAll(/untolerated taint(?:\(s\))? \{([^}:,]+)/g)].map(([, taint]) => taint!.trim());
      const taints = [...new Set(found.length > 0 ? found.map(({ taint }) => taint) : named)];
      return {
        why: `it does not tolerate ${taints.length === 0 ? 'the taints of the nodes' : `the taint ${taints.join(', ')}`}`,
        evidence: found.slice(0, 5).map(({ node, taint }) => `node ${node} has the taint ${taint}`),
        next: ["kubectl get nodes -o custom-columns='NODE:.metadata.name,TAINTS:.spec.taints'"],
      };
    }),
};

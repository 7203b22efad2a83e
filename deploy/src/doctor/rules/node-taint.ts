import { perUnscheduled } from '../scheduling';
import type { Rule } from '../verdict';

/** A pod that no node takes because of a taint that it doesn't tolerate. */
export const nodeTaint: Rule = {
  name: 'node-taint',
  isQuick: true,
  look: (scene) =>
    perUnscheduled(scene, /untolerated taint/, (words) => {
      const taints = [...new Set([...words.matchAll(/untolerated taint(?:\(s\))? ?\{?([^}:,]+)/g)].map(([, taint]) => taint!.trim()))];
      return {
        why: `It does not tolerate the taint ${taints.join(', ')}`,
        evidence: scene.nodes.flatMap(
          ({ metadata: { name }, spec }) =>
            ((spec ?? {}) as { taints?: { key: string; value?: string; effect: string }[] }).taints?.map(
              ({ key, value = '', effect }) => `node ${name} has the taint ${key}${value && `=${value}`}:${effect}`,
            ) ?? [],
        ),
        next: ["kubectl get nodes -o custom-columns='NODE:.metadata.name,TAINTS:.spec.taints'"],
      };
    }),
};

import { describeCommand } from '../pod-findings';
import { perRefusal } from '../refusals';
import { otherObjectsMs } from '../references';
import type { Rule } from '../verdict';

/** Pods that the API server refuses for any other reason: a webhook, a limit range, a fault in their template. */
export const podsRefused: Rule = {
  name: 'pods-refused',
  isQuick: true,
  look: (scene) =>
    perRefusal(scene, /^/, (_match, words, workload) => ({
      cause: `its pods are refused: ${words}`,
      evidence: [words],
      next: [describeCommand(workload)],
      certainAfterMs: otherObjectsMs,
    })),
};

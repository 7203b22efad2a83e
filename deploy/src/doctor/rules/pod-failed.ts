import { type ContainerStatus, podStatusOf, statusesOf } from '../container-status';
import { describeCommand, perPod } from '../pod-findings';
import type { Rule } from '../verdict';

/** A pod that failed as a whole: past its deadline, refused by its node. */
export const podFailed: Rule = {
  name: 'pod-failed',
  isQuick: true,
  look: (scene) =>
    perPod(scene, (pod) => {
      const { phase, reason, message } = podStatusOf(pod);
      if (phase !== 'Failed' || reason === 'Evicted' || (reason === undefined && statusesOf(pod).some(hasCrashed))) return undefined;
      const words = [reason ?? 'it failed', message].filter(Boolean).join(': ');
      return { cause: words, evidence: [words], next: [describeCommand(pod)], certainAfterMs: 0 };
    }),
};

/** Its end is told by another rule. */
function hasCrashed({ state }: ContainerStatus): boolean {
  return (state?.terminated?.exitCode ?? 0) !== 0;
}

import { perUnscheduled } from '../scheduling';
import { describeCommand } from '../pod-findings';
import type { Rule } from '../verdict';

/** A pod that no node takes, for any other reason. */
export const unschedulable: Rule = {
  name: 'unschedulable',
  isQuick: true,
  look: (scene) => perUnscheduled(scene, /^/, (_words, pod) => ({ next: [describeCommand(pod), 'kubectl get nodes'] })),
};

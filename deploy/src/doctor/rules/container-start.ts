import { describeCommand } from '../pod-findings';
import { perStartFault } from '../starting';
import type { Rule } from '../verdict';

/** A container that the runtime can't start, for any other reason: its user, its folder, its rights, another machine's program. */
export const containerStart: Rule = {
  name: 'container-start',
  isQuick: true,
  look: (scene) =>
    perStartFault(scene, (words, certainAfterMs, { status, pod }) => ({
      cause: `container ${status.name} can't be started: ${words}`,
      evidence: [words],
      next: [describeCommand(pod)],
      certainAfterMs,
    })),
};

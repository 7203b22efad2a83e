import { perEnding } from '../endings';
import { describeCommand, logsCommand } from '../pod-findings';
import type { Rule } from '../verdict';

/** A container that the kernel kills for taking more memory than its limit. */
export const outOfMemory: Rule = {
  name: 'out-of-memory',
  isQuick: true,
  look: (scene) =>
    perEnding(scene, ({ ending, status, spec, pod, times, certainAfterMs, log }) => {
      if (ending.reason !== 'OOMKilled') return undefined;
      const limit = spec.resources?.limits?.['memory'];
      return {
        cause: `container ${status.name} is killed for taking more memory than its limit (OOMKilled)${times}`,
        evidence: [`exit code ${ending.exitCode}, reason OOMKilled`, `its memory limit is ${limit ?? "none of its own: the node's memory ran out"}`],
        next: [describeCommand(pod), logsCommand(pod, status.name, ending.isPrevious)],
        certainAfterMs,
        log,
      };
    }),
};

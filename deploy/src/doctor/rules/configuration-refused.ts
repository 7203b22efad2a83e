import { perEnding } from '../endings';
import { logsCommand } from '../pod-findings';
import type { Rule } from '../verdict';

/** `EX_CONFIG` of sysexits.h: starting again without a change won't help. */
const configurationExitCode = 78;

/** A program that refuses its configuration, and says which variable. */
export const configurationRefused: Rule = {
  name: 'configuration-refused',
  isQuick: true,
  look: (scene) =>
    perEnding(scene, ({ ending, status, words, pod, times, log }) => {
      if (ending.exitCode !== configurationExitCode) return undefined;
      return {
        cause: `container ${status.name} refuses its configuration (exit code 78)${times}${words === undefined ? '' : `: ${words.line}`}`,
        evidence: words?.excerpt ?? [],
        next: [logsCommand(pod, status.name, ending.isPrevious), `kubectl get configmaps -n ${pod.metadata.namespace} -o yaml`],
        certainAfterMs: 0,
        log,
      };
    }),
};

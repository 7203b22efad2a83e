import { logsCommand, perContainer } from '../pod-findings';
import { endingOf } from '../container-status';
import { perStartFault } from '../starting';
import { logKey } from '../scene';
import type { Rule } from '../verdict';

/** A program that the image doesn't have, or that its shell doesn't find (exit code 127). */
export const commandNotFound: Rule = {
  name: 'command-not-found',
  isQuick: true,
  look: (scene) => [
    ...perStartFault(scene, (words, certainAfterMs, { status, pod, spec }) => {
      const [, program] = /exec: "([^"]+)": .*(?:not found|no such file)/.exec(words) ?? [];
      if (program === undefined) return undefined;
      return {
        cause: `container ${status.name} can't be started: exec: "${program}" is not in the image ${spec.image ?? status.image}: correct its command`,
        evidence: [words],
        next: [`kubectl get pod ${pod.metadata.name} -n ${pod.metadata.namespace} -o jsonpath='{.spec.containers[*].command}'`],
        certainAfterMs,
      };
    }),
    ...perContainer(scene, ({ status, pod }) => {
      const ending = endingOf(status, scene.now);
      if (ending?.exitCode !== 127) return undefined;
      const log = scene.logs
        .get(logKey(pod, status.name, ending.isPrevious))
        ?.trim()
        .split('\n')
        .at(-1);
      return {
        cause: `container ${status.name} ends with exit code 127, ${ending.times} times: its shell does not find a program${log ? ` ("${log}")` : ''}`,
        evidence: log ? [log] : [],
        next: [logsCommand(pod, status.name, ending.isPrevious)],
        certainAfterMs: ending.times > 2 ? 0 : Infinity,
        log: { pod, container: status.name, previous: ending.isPrevious },
      };
    }),
  ],
};

import { perEnding } from '../endings';
import { describeCommand, logsCommand } from '../pod-findings';
import type { Rule } from '../verdict';

/** Words of a log that blame something that the program needs. */
const blames = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|connection refused|could not connect|can't be reached|no such host/i;

/** A container that ends, again and again, and what its log says of it. */
export const crash: Rule = {
  name: 'crash',
  isQuick: true,
  look: (scene) =>
    perEnding(scene, ({ ending, status, words, pod, times, certainAfterMs, log }) => {
      const { exitCode } = ending;
      const isKilled = exitCode === 137;
      const how = isKilled
        ? 'is killed (exit code 137): by its liveness or startup probe, or for its memory'
        : Number.isNaN(exitCode)
          ? 'crashes'
          : `ends with exit code ${exitCode}`;
      return {
        cause: `container ${status.name} ${how}${times}${words === undefined || isKilled ? '' : `: ${words.line}`}`,
        evidence: [...(words?.excerpt ?? []), ...(ending.message ? [ending.message] : [])],
        next: [logsCommand(pod, status.name, ending.isPrevious), describeCommand(pod)],
        certainAfterMs,
        isSymptom: words !== undefined && blames.test(words.excerpt.join('\n')),
        log,
      };
    }),
};

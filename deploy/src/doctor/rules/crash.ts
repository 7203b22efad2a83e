import { perEnding } from '../endings';
import { describeCommand, logsCommand } from '../pod-findings';
import type { Container } from '../../manifests/pod-spec';
import type { Rule } from '../verdict';

/** Words of a log that blame something that the program needs. */
const blames = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|connection refused|could not connect|can't be reached|no such host/i;

/** A container that ends, again and again, and what its log says of it. */
export const crash: Rule = {
  name: 'crash',
  isQuick: true,
  look: (scene) =>
    perEnding(scene, ({ ending, status, spec, words, pod, times, certainAfterMs, log }) => {
      const { exitCode } = ending;
      const isKilled = exitCode === 137;
      const how = isKilled ? `is killed (exit code 137)${killersOf(spec)}` : Number.isNaN(exitCode) ? 'crashes' : `ends with exit code ${exitCode}`;
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

/** What may have killed it, of what it has. */
function killersOf({ livenessProbe, startupProbe, lifecycle, resources }: Container): string {
  const killers = [
    ...(livenessProbe === undefined ? [] : ['by its liveness probe']),
    ...(startupProbe === undefined ? [] : ['by its startup probe']),
    ...(lifecycle?.postStart === undefined ? [] : ['because its postStart hook fails']),
    ...(resources?.limits?.['memory'] === undefined ? [] : ['for its memory']),
  ];
  return killers.length === 0 ? '' : `: ${killers.join(', or ')}`;
}

import { perFailingProbe, probeWords } from '../probes';
import { describeCommand, logsCommand } from '../pod-findings';
import { logKey } from '../scene';
import { wordsOf } from '../log-words';
import type { Rule } from '../verdict';

/** Within it a container may still be starting, whatever its probe says. Milliseconds. */
const startMs = 30_000;

/** A container that runs, and whose probe is not answered, or not well: for any other reason. */
export const notAnswering: Rule = {
  name: 'not-answering',
  look: (scene) =>
    perFailingProbe(scene, (failing) => {
      const { pod, status, kind, event } = failing;
      const startedAt = Date.parse(status.state?.running?.startedAt ?? '');
      if (!(scene.now - startedAt > startMs) || scene.health.has(pod.metadata.uid ?? '')) return undefined;
      const words = wordsOf(scene.logs.get(logKey(pod, status.name, false)));
      return {
        cause: `container ${status.name} runs and is not ready: ${event.message.replace(/^(\w+) probe failed: /, `its ${kind.toLowerCase()} probe fails: `)}`,
        evidence: [probeWords(failing), ...(words === undefined ? [] : words.excerpt)],
        next: [logsCommand(pod, status.name, false), describeCommand(pod)],
        certainAfterMs: Infinity,
        isSymptom: true,
      };
    }),
};

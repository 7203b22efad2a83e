import { perPod, logsCommand } from '../pod-findings';
import { podStatusOf } from '../container-status';
import type { Rule } from '../verdict';

/** A pod that says itself why it is not ready, or not wholly: by its `/health/ready`. */
export const saysUnready: Rule = {
  name: 'says-unready',
  look: (scene) =>
    perPod(scene, (pod) => {
      const health = scene.health.get(pod.metadata.uid ?? '');
      const bad = Object.entries(health?.checks ?? {}).filter(([, { status }]) => status !== 'ok');
      if (health === undefined || health.status === 'ok' || bad.length === 0) return undefined;
      const words = bad.map(([name, { status, detail }]) => `${name} is ${status}${detail === undefined ? '' : `: ${detail}`}`);
      const [container] = podStatusOf(pod).containerStatuses ?? [];
      return {
        cause: `it says itself that it is ${health.status}: ${words.join('; ')}`,
        evidence: words.map((each) => `readiness answer: ${each}`),
        next: [logsCommand(pod, container?.name ?? '', false)],
        certainAfterMs: Infinity,
        isSymptom: true,
      };
    }),
};

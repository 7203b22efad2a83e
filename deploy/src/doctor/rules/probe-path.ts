import { patienceOf, perFailingProbe, probeWords } from '../probes';
import { logsCommand } from '../pod-findings';
import type { Rule } from '../verdict';

/** A probe that asks a path which the container doesn't know. */
export const probePath: Rule = {
  name: 'probe-path',
  look: (scene) =>
    perFailingProbe(scene, (failing) => {
      const [, code] = /statuscode: (40[0-9]|3\d\d)/.exec(failing.event.message) ?? [];
      if (code === undefined || failing.path === undefined) return undefined;
      const { pod, status, kind, path, port } = failing;
      return {
        cause: `container ${status.name} is not ready: its ${kind.toLowerCase()} probe asks ${path}, and is answered ${code}: the path is wrong`,
        evidence: [probeWords(failing)],
        next: [
          `kubectl get --raw '/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}:${port}/proxy${path}'`,
          logsCommand(pod, status.name, false),
        ],
        // while its probe is patient, whoever starts may add it yet
        certainAfterMs: Math.max(60_000, patienceOf(failing.probe) * 1_000),
      };
    }),
};

import { eventWords } from '../events';
import { logsCommand } from '../pod-findings';
import { patienceOf, perKill } from '../probes';
import type { Rule } from '../verdict';

/** A container that its startup probe gives up before it is up. */
export const startupProbe: Rule = {
  name: 'startup-probe',
  look: (scene) =>
    perKill(scene, 'Startup', ({ probe, killing, failing, status, pod, certainAfterMs }) => ({
      cause: `container ${status.name} is killed before it is up: its startup probe gives it ${patienceOf(probe)} s: raise failureThreshold, or correct what the probe asks`,
      evidence: [eventWords(killing), ...(failing === undefined ? [] : [eventWords(failing)])],
      next: [
        logsCommand(pod, status.name, true),
        `kubectl get pod ${pod.metadata.name} -n ${pod.metadata.namespace} -o jsonpath='{.spec.containers[*].startupProbe}'`,
      ],
      certainAfterMs,
    })),
};

import { eventWords } from '../events';
import { lastWarning } from '../last-warning';
import { describeCommand, podsNowOf, workloadKinds } from '../pod-findings';
import { isUnderWay } from '../under-way';
import type { Rule } from '../verdict';

/** An object that is not ready, is not on its way, and of which no other rule knows why. */
export const notReady: Rule = {
  name: 'not-ready',
  look: (scene) =>
    scene.objects.flatMap((found) => {
      const { object, reference, readiness } = found;
      if (object === undefined || !['InProgress', 'Terminating'].includes(readiness.state) || isUnderWay(found, scene)) return [];
      const pods = workloadKinds.has(object.kind) ? podsNowOf(object, scene) : [];
      const last = lastWarning(scene, [object, ...pods])?.event;
      return [
        {
          subject: reference,
          cause: `${readiness.message}${last === undefined ? '' : `: ${eventWords(last)}`}`,
          evidence: [readiness.message, ...(last === undefined ? [] : [eventWords(last)])],
          next: [describeCommand(object), ...pods.slice(0, 1).map(describeCommand)],
          certainAfterMs: Infinity,
          isSymptom: true,
        },
      ];
    }),
};

import { describeCommand } from '../pod-findings';
import type { Rule } from '../verdict';

/** An object whose controller says that it failed, for any other reason. */
export const objectFailed: Rule = {
  name: 'object-failed',
  look: (scene) =>
    scene.objects.flatMap(({ object, reference, readiness }) =>
      object === undefined || readiness.state !== 'Failed'
        ? []
        : [
            {
              subject: reference,
              cause: readiness.message,
              evidence: [readiness.message],
              next: [describeCommand(object)],
              certainAfterMs: Infinity,
              isSymptom: true,
            },
          ],
    ),
};

import { nameOf } from '../../manifests/kubernetes-object';
import type { Rule } from '../verdict';

/** An object of the stack that isn't there: somebody deleted it, or it was never applied. */
export const objectMissing: Rule = {
  name: 'object-missing',
  look: (scene) =>
    scene.objects
      .filter(({ readiness }) => readiness.state === 'NotFound')
      .map(({ reference }) => ({
        subject: reference,
        cause: 'it is not there: somebody deleted it, or it was not applied',
        evidence: [`the API server has no ${nameOf(reference)}`],
        next: ['berth plan FOLDER', 'berth apply FOLDER'],
        certainAfterMs: Infinity,
      })),
};

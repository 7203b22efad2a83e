import { perRefusal } from '../refusals';
import { otherObjectsMs } from '../references';
import type { Rule } from '../verdict';

/** Pods of a ServiceAccount that isn't there. */
export const serviceAccount: Rule = {
  name: 'service-account',
  isQuick: true,
  look: (scene) =>
    perRefusal(scene, /serviceaccount "([^"]+)" not found/, ([, name], words, { metadata: { namespace } }) => ({
      cause: `its pods are refused: they are of the ServiceAccount ${name}, which isn't there`,
      evidence: [words],
      next: [`kubectl get serviceaccounts -n ${namespace}`, `kubectl create serviceaccount ${name} -n ${namespace}`],
      certainAfterMs: otherObjectsMs,
      fault: `ServiceAccount/${namespace}/${name}`,
    })),
};

import { otherObjectsMs, perReference } from '../references';
import type { Rule } from '../verdict';

/** A Secret that a pod needs, and that isn't there: by what the kubelet says, nobody reads Secrets. */
export const secretMissing: Rule = {
  name: 'secret-missing',
  isQuick: true,
  look: (scene) =>
    perReference(scene, /secret "([^"]+)" not found/, ([, name], words, { metadata: { namespace } }) => ({
      cause: `it needs the Secret ${name}, which isn't there`,
      evidence: [words],
      next: [`kubectl get secret ${name} -n ${namespace}`, `npm run secrets -- --env ENVIRONMENT | kubectl create -f -`],
      certainAfterMs: otherObjectsMs,
      fault: `Secret/${namespace}/${name}`,
    })),
};

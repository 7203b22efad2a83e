import { askedText, perWaitingClaim } from '../volumes';
import type { Rule } from '../verdict';

/** A claim that gets no volume, for any other reason: none is free, or its provisioner fails. */
export const volumeUnbound: Rule = {
  name: 'volume-unbound',
  look: (scene) =>
    perWaitingClaim(scene, (waiting) => {
      const { claim, className, free, words } = waiting;
      const why = free?.length === 0 ? `no volume of the class ${className} is free` : words.at(-1);
      return {
        cause: `it is not bound: ${why} (it asks for ${askedText(waiting)})`,
        next: [`kubectl describe pvc ${claim.metadata.name} -n ${claim.metadata.namespace}`, 'kubectl get pv'],
        certainAfterMs: Infinity,
      };
    }),
};

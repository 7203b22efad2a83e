import { bytesText } from '../quantity';
import { perWaitingClaim } from '../volumes';
import type { Rule } from '../verdict';

/** A claim that is larger than every volume that is free. */
export const volumeSize: Rule = {
  name: 'volume-size',
  look: (scene) =>
    perWaitingClaim(scene, ({ claim, className, bytes, modes, free }) => {
      const offering = free?.filter((volume) => modes.every((mode) => volume.modes.includes(mode))) ?? [];
      const largest = Math.max(0, ...offering.map((volume) => volume.bytes));
      if (offering.length === 0 || bytes <= largest) return undefined;
      return {
        cause: `it is not bound: it asks for ${bytesText(bytes)}, and no volume of the class ${className} that is free has more than ${bytesText(largest)}`,
        next: ['kubectl get pv', `kubectl describe pvc ${claim.metadata.name} -n ${claim.metadata.namespace}`],
        certainAfterMs: Infinity,
      };
    }),
};

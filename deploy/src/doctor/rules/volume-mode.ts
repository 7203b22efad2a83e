import { perWaitingClaim } from '../volumes';
import type { Rule } from '../verdict';

/** A claim to be mounted in a way that no volume offers. */
export const volumeMode: Rule = {
  name: 'volume-mode',
  look: (scene) =>
    perWaitingClaim(scene, ({ claim, className, modes, free, words }) => {
      const refused = words.find((each) => /access ?mode|MULTI_NODE|ReadWriteMany|unsupported/i.test(each));
      const offering = free?.filter((volume) => modes.every((mode) => volume.modes.includes(mode)));
      const lacks = free !== undefined && free.length > 0 && offering?.length === 0;
      if (!lacks && refused === undefined) return undefined;
      const offered = [...new Set(free?.flatMap((volume) => volume.modes))];
      return {
        cause: lacks
          ? `it is not bound: it asks for ${modes.join(' and ')}, and no volume of the class ${className} that is free offers it: they offer ${offered.join(', ')}`
          : `it is not bound: the class ${className} does not offer ${modes.join(' and ')}: ${refused}`,
        next: ['kubectl get pv', `kubectl describe pvc ${claim.metadata.name} -n ${claim.metadata.namespace}`],
        certainAfterMs: Infinity,
      };
    }),
};

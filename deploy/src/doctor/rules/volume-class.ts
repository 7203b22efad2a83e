import { isSeen } from '../scene';
import { askedText, perWaitingClaim } from '../volumes';
import type { Rule } from '../verdict';

/** A claim of a storage class that isn't there, or of none where there is no default. */
export const volumeClass: Rule = {
  name: 'volume-class',
  look: (scene) =>
    perWaitingClaim(scene, (waiting) => {
      const { claim, className, words } = waiting;
      const isMissing = words.some((each) => /storageclass\S* "[^"]*" not found/.test(each));
      const hasNone = className === undefined && isSeen(scene, 'storageclasses.storage.k8s.io');
      if (!isMissing && !hasNone) return undefined;
      const classes = scene.storageClasses.map(({ metadata: { name } }) => name);
      const there = classes.length === 0 ? 'the cluster has none' : `the cluster has ${classes.join(', ')}`;
      const asked = isMissing
        ? `asks for the storage class "${className}", which isn't there`
        : `names no storage class, and the cluster has no default (${askedText(waiting)})`;
      return {
        cause: `it is not bound: it ${asked}; ${there}`,
        next: ['kubectl get storageclasses', `kubectl describe pvc ${claim.metadata.name} -n ${claim.metadata.namespace}`],
        certainAfterMs: Infinity,
      };
    }),
};

import { otherTags, partsOf, perPull } from '../images';
import { describeCommand } from '../pod-findings';
import type { Rule } from '../verdict';

/** A registry that the node doesn't reach: it may come back, or its name is wrong. */
export const registryUnreachable: Rule = {
  name: 'registry-unreachable',
  isQuick: true,
  look: (scene) =>
    perPull(scene, 'unreachable', ({ image, words, pod }) => {
      const others = otherTags(scene, image);
      return {
        cause: `the image ${image} can't be pulled: ${words}: the node doesn't reach the registry ${partsOf(image).registry}, or that is not its name`,
        evidence: [words, ...(others.length > 0 ? [`on the nodes: ${others.slice(0, 5).join(', ')}`] : [])],
        next: [describeCommand(pod), `docker manifest inspect ${image}`],
        certainAfterMs: Infinity,
      };
    }),
};

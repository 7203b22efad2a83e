import { otherTags, partsOf, perPull } from '../images';
import { describeCommand } from '../pod-findings';
import type { Rule } from '../verdict';

/** A tag that its repository doesn't have: the nodes know others of it. */
export const imageTag: Rule = {
  name: 'image-tag',
  isQuick: true,
  look: (scene) =>
    perPull(scene, 'missing', ({ image, words, pod }) => {
      const others = otherTags(scene, image);
      if (others.length === 0) return undefined;
      const { repository, tag } = partsOf(image);
      return {
        cause: `the image ${image} can't be pulled: not found; ${repository} has no tag "${tag}"`,
        evidence: [words, `on the nodes: ${others.slice(0, 5).join(', ')}`],
        next: [`docker manifest inspect ${image}`, describeCommand(pod)],
        certainAfterMs: 0,
      };
    }),
};

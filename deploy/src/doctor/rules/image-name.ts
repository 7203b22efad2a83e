import { describeCommand, perContainer, waitingOf } from '../pod-findings';
import { otherTags, partsOf, perPull } from '../images';
import type { Rule } from '../verdict';

/** An image that its registry doesn't have, or whose name is none. */
export const imageName: Rule = {
  name: 'image-name',
  isQuick: true,
  look: (scene) => [
    ...perContainer(scene, (view) => {
      const { reason, message } = waitingOf(view);
      if (reason !== 'InvalidImageName') return undefined;
      const image = view.spec.image ?? view.status.image;
      return { cause: `"${image}" is no name of an image`, evidence: [`${reason}: ${message}`], next: [describeCommand(view.pod)], certainAfterMs: 0 };
    }),
    ...perPull(scene, 'missing', ({ image, words, pod }) => {
      if (otherTags(scene, image).length > 0) return undefined;
      return {
        cause: `the image ${image} can't be pulled: not found; the registry ${partsOf(image).registry} has no image ${image}: its name or its tag is wrong, or it was not pushed`,
        evidence: [words],
        next: [`docker manifest inspect ${image}`, describeCommand(pod)],
        certainAfterMs: 0,
      };
    }),
  ],
};

import { describeCommand, perContainer, waitingOf } from '../pod-findings';
import type { Rule } from '../verdict';

/** An image that has to be on the node already, and isn't. */
export const imageNeverPulled: Rule = {
  name: 'image-never-pulled',
  isQuick: true,
  look: (scene) =>
    perContainer(scene, (view) => {
      const { reason, message } = waitingOf(view);
      if (reason !== 'ErrImageNeverPull') return undefined;
      const image = view.spec.image ?? view.status.image;
      return {
        cause: `the image ${image} is not on the node, and its imagePullPolicy is Never: load it onto the node, or say IfNotPresent`,
        evidence: [`${reason}: ${message}`],
        next: [`kind load docker-image ${image}`, describeCommand(view.pod)],
        certainAfterMs: 0,
      };
    }),
};

import { describeCommand, perContainer, waitingOf } from '../pod-findings';
import { otherObjectsMs } from '../references';
import type { Rule } from '../verdict';

/** What other rules tell, of which some follow from something else. */
const named = /(?:configmap|secret) "[^"]+" not found|couldn't find key/;

/** A container that the kubelet can't configure, for any other reason. */
export const containerConfiguration: Rule = {
  name: 'container-configuration',
  isQuick: true,
  look: (scene) =>
    perContainer(scene, (view) => {
      const { reason, message } = waitingOf(view);
      if (reason !== 'CreateContainerConfigError' || named.test(message)) return undefined;
      return {
        cause: `container ${view.status.name} can't be configured: ${message}`,
        evidence: [`${reason}: ${message}`],
        next: [describeCommand(view.pod)],
        // a node's cache is behind for a while
        certainAfterMs: /failed to sync/.test(message) ? Infinity : otherObjectsMs,
      };
    }),
};

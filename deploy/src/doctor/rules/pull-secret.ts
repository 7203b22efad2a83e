import { eventLike, eventWords } from '../events';
import { perPull } from '../images';
import { podSpecOf } from '../../manifests/pod-spec';
import type { Rule } from '../verdict';

/** A registry that lets nobody in without a login, and a pod without one. */
export const pullSecret: Rule = {
  name: 'pull-secret',
  isQuick: true,
  look: (scene) =>
    perPull(scene, 'denied', ({ image, words, pod }) => {
      const names = (podSpecOf(pod).imagePullSecrets ?? []).map(({ name }) => name);
      const missing = eventLike(scene, pod, /Unable to retrieve some image pull secrets/);
      const { namespace, name: podName } = pod.metadata;
      return {
        cause: `the image ${image} can't be pulled: ${words}; ${because(names, missing !== undefined)}`,
        evidence: [words, ...(missing === undefined ? [] : [eventWords(missing)])],
        next:
          names.length > 0
            ? [
                `kubectl get secret ${names[0]} -n ${namespace}`,
                `kubectl create secret docker-registry ${names[0]} -n ${namespace} --docker-server=… --docker-username=… --docker-password=…`,
              ]
            : [`kubectl get pod ${podName} -n ${namespace} -o jsonpath='{.spec.imagePullSecrets}'`],
        certainAfterMs: 0,
      };
    }),
};

function because(names: readonly string[], isMissing: boolean): string {
  if (names.length === 0) return 'the registry wants a login, and the pod names no pull secret (imagePullSecrets)';
  return isMissing ? `the pull Secret ${names.join(', ')} isn't there` : `the registry doesn't take the login in the pull Secret ${names.join(', ')}`;
}

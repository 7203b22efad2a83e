import { eventLike, eventWords } from '../events';
import { perPod } from '../pod-findings';
import { podSpecOf } from '../../manifests/pod-spec';
import { otherObjectsMs, otherVolumesMs, perReference } from '../references';
import type { Scene } from '../scene';
import type { Finding, Rule } from '../verdict';

/** A key that a Secret doesn't have. */
export const secretKey: Rule = {
  name: 'secret-key',
  isQuick: true,
  look: (scene) => [
    ...perReference(scene, /couldn't find key (\S+) in Secret [^/]+\/(\S+)/, ([, key, name], words, { metadata: { namespace } }) => ({
      cause: `it needs the key "${key}" of the Secret ${name}, which does not have it`,
      evidence: [words],
      next: [`kubectl describe secret ${name} -n ${namespace}`],
      certainAfterMs: otherObjectsMs,
      fault: `Secret/${namespace}/${name} ${key}`,
    })),
    ...mounted(scene),
  ],
};

/** `volume "key" : references non-existent secret key: password` */
function mounted(scene: Scene): readonly Finding[] {
  return perPod(scene, (pod) => {
    const event = eventLike(scene, pod, /references non-existent secret key/);
    if (event === undefined || (pod.status as { phase?: string }).phase !== 'Pending') return undefined;
    const [, volume, key] = /volume "([^"]+)" ?: references non-existent secret key: (\S+)/.exec(event.message) ?? [];
    const name = podSpecOf(pod).volumes?.find((each) => each.name === volume)?.secret?.secretName ?? '';
    return {
      cause: `it needs the key "${key}" of the Secret ${name}, which does not have it`,
      evidence: [eventWords(event)],
      next: [`kubectl describe secret ${name} -n ${pod.metadata.namespace}`],
      certainAfterMs: otherVolumesMs,
    };
  });
}

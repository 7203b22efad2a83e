import { eventWords, eventLike } from '../events';
import { perPod } from '../pod-findings';
import { otherObjectsMs, otherVolumesMs, perReference } from '../references';
import type { Scene } from '../scene';
import type { Finding, Rule } from '../verdict';

/** A key that a ConfigMap doesn't have. */
export const configMapKey: Rule = {
  name: 'config-map-key',
  isQuick: true,
  look: (scene) => [
    ...perReference(scene, /couldn't find key (\S+) in ConfigMap [^/]+\/(\S+)/, ([, key, name], words, { metadata: { namespace } }) => ({
      cause: `it needs the key "${key}" of the ConfigMap ${name}, ${keysText(scene, name!)}`,
      evidence: [words],
      next: [`kubectl get configmap ${name} -n ${namespace} -o yaml`],
      certainAfterMs: otherObjectsMs,
      fault: `ConfigMap/${namespace}/${name} ${key}`,
    })),
    ...mounted(scene),
  ],
};

/** `volume "settings" : references non-existent config key: wrod` */
function mounted(scene: Scene): readonly Finding[] {
  return perPod(scene, (pod) => {
    const event = eventLike(scene, pod, /references non-existent config key/);
    if (event === undefined || (pod.status as { phase?: string }).phase !== 'Pending') return undefined;
    const [, volume, key] = /volume "([^"]+)" ?: references non-existent config key: (\S+)/.exec(event.message) ?? [];
    const { volumes = [] } = pod.spec as { volumes?: readonly { name: string; configMap?: { name?: string } }[] };
    const name = volumes.find((each) => each.name === volume)?.configMap?.name ?? '';
    return {
      cause: `it needs the key "${key}" of the ConfigMap ${name}, ${keysText(scene, name)}`,
      evidence: [eventWords(event)],
      next: [`kubectl get configmap ${name} -n ${pod.metadata.namespace} -o yaml`],
      certainAfterMs: otherVolumesMs,
    };
  });
}

function keysText(scene: Scene, name: string): string {
  const found = scene.configMaps.find(({ metadata }) => metadata.name === name) as { data?: Record<string, string> } | undefined;
  if (found === undefined) return 'which does not have it';
  const keys = Object.keys(found.data ?? {});
  return keys.length === 0 ? 'which has none' : `which has only ${keys.slice(0, 8).join(', ')}`;
}

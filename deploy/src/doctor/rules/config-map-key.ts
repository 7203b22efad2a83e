import { otherObjectsMs, perMountedKey, perReference } from '../references';
import type { Scene } from '../scene';
import type { Rule } from '../verdict';

/** A key that a ConfigMap doesn't have. */
export const configMapKey: Rule = {
  name: 'config-map-key',
  isQuick: true,
  look: (scene) => [
    ...perReference(scene, /couldn't find key (\S+) in ConfigMap [^/]+\/(\S+)/, ([, key, name], words, { metadata: { namespace = '' } }) => ({
      cause: `it needs the key "${key}" of the ConfigMap ${name}, ${keysText(scene, namespace, name!)}`,
      evidence: [words],
      next: [`kubectl get configmap ${name} -n ${namespace} -o yaml`],
      certainAfterMs: otherObjectsMs,
      fault: `ConfigMap/${namespace}/${name} ${key}`,
    })),
    ...perMountedKey(scene, 'configMap', (key, names, words, { metadata: { namespace = '' } }) => {
      // several may be asked for one of that key: those that have it are well
      const name = names.find((each) => !keysOf(scene, namespace, each)?.includes(key));
      if (name === undefined) return undefined;
      return {
        cause: `it needs the key "${key}" of the ConfigMap ${name}, ${keysText(scene, namespace, name)}`,
        evidence: [words],
        next: [`kubectl get configmap ${name} -n ${namespace} -o yaml`],
      };
    }),
  ],
};

function keysText(scene: Scene, namespace: string, name: string): string {
  const keys = keysOf(scene, namespace, name);
  if (keys === undefined) return 'which does not have it';
  return keys.length === 0 ? 'which has none' : `which has only ${keys.slice(0, 8).join(', ')}`;
}

function keysOf({ configMaps }: Scene, namespace: string, name: string): readonly string[] | undefined {
  const found = configMaps.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
  const { data = {}, binaryData = {} } = (found ?? {}) as { data?: object; binaryData?: object };
  return found && Object.keys({ ...data, ...binaryData });
}

import { otherObjectsMs, perMountedKey, perReference } from '../references';
import type { Rule } from '../verdict';

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
    ...perMountedKey(scene, 'secret', (key, names, words, { metadata: { namespace } }) => ({
      cause: `it needs the key "${key}" of the Secret ${names.join(' or ')}, which does not have it`,
      evidence: [words],
      next: names.map((name) => `kubectl describe secret ${name} -n ${namespace}`),
    })),
  ],
};

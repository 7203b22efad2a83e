import { otherObjectsMs, perReference } from '../references';
import type { Rule } from '../verdict';

/** A ConfigMap that a pod needs, and that isn't there. */
export const configMapMissing: Rule = {
  name: 'config-map-missing',
  isQuick: true,
  look: (scene) =>
    perReference(scene, /configmap "([^"]+)" not found/, ([, name], words, { metadata: { namespace } }) => ({
      cause: `it needs the ConfigMap ${name}, which isn't there`,
      evidence: [words, `there are: ${names(scene.configMaps.map(({ metadata }) => metadata.name))}`],
      next: [`kubectl get configmaps -n ${namespace}`],
      certainAfterMs: otherObjectsMs,
      fault: `ConfigMap/${namespace}/${name}`,
    })),
};

/** Those of the cluster and of Berth are nobody's configuration. */
function names(all: readonly string[]): string {
  const own = all.filter((name) => name !== 'kube-root-ca.crt' && !name.startsWith('berth-'));
  return own.length === 0 ? 'none' : own.slice(0, 8).join(', ');
}

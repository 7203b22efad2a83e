import type { KubernetesObject } from '../../manifests/kubernetes-object';
import { current, failed, inProgress, type Readiness } from '../state';

/** Ready when it is bound. One whose storage class waits for its first pod is bound with that: whoever waits for pods waits for it. */
export function persistentVolumeClaim(object: KubernetesObject): Readiness {
  const { phase } = (object.status ?? {}) as { phase?: string };
  if (phase === 'Bound') return current;
  if (phase === 'Lost') return failed('its volume is gone');
  return inProgress('it is not bound to a volume');
}

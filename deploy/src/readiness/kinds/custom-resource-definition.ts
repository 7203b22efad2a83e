import type { KubernetesObject } from '../../manifests/kubernetes-object';
import { anyConditionOf, conditionOf } from '../conditions';
import { current, failed, inProgress, type Readiness, words } from '../state';

/** Ready when the API server serves it; failed when its names are another's. */
export function customResourceDefinition(object: KubernetesObject): Readiness {
  const taken = conditionOf(object, 'NamesAccepted', 'False');
  if (taken !== undefined) return failed(words(taken));
  const established = anyConditionOf(object, 'Established');
  if (established?.status === 'True') return current;
  if (established?.status === 'False' && established.reason !== 'Installing') return failed(words(established));
  return inProgress('the API server does not serve it yet');
}

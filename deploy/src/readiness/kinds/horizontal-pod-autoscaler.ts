import type { KubernetesObject } from '../../manifests/kubernetes-object';
import { conditionOf } from '../conditions';
import { current, inProgress, type Readiness, words } from '../state';

/**
 * Ready unless its controller says that it can't read or write the scale of its target. One that has no metrics yet holds nobody up: its target runs with
 * the pods that it has. Its controller looks at a new one after 15 s, until when it says nothing.
 */
export function horizontalPodAutoscaler(object: KubernetesObject): Readiness {
  const unable = conditionOf(object, 'AbleToScale', 'False');
  return unable !== undefined && /^Failed(Get|Update)Scale$/.test(unable.reason ?? '') ? inProgress(words(unable)) : current;
}

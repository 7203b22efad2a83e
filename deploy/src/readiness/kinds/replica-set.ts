import type { KubernetesObject } from '../../manifests/kubernetes-object';
import { conditionOf } from '../conditions';
import { current, inProgress, type Readiness, words } from '../state';

interface ReplicaSetStatus {
  readonly replicas?: number;
  readonly fullyLabeledReplicas?: number;
  readonly availableReplicas?: number;
  readonly readyReplicas?: number;
  readonly observedGeneration?: number;
}

/** Ready when as many pods as wanted, and no more, are available. */
export function replicaSet(object: KubernetesObject): Readiness {
  const { replicas: wanted = 1 } = object.spec as { replicas?: number };
  const { replicas = 0, fullyLabeledReplicas = 0, availableReplicas = 0, readyReplicas = 0, observedGeneration } = (object.status ?? {}) as ReplicaSetStatus;
  if (observedGeneration === undefined) return inProgress('its controller has not seen it yet');
  const refused = conditionOf(object, 'ReplicaFailure', 'True');
  if (refused !== undefined) return inProgress(words(refused));
  if (fullyLabeledReplicas < wanted) return inProgress(`${fullyLabeledReplicas} of ${wanted} pods are made`);
  if (availableReplicas < wanted) return inProgress(`${availableReplicas} of ${wanted} pods are ready`);
  if (readyReplicas < wanted) return inProgress(`${readyReplicas} of ${wanted} pods are ready`);
  return replicas > wanted ? inProgress(`${replicas - wanted} pods are to go`) : current;
}

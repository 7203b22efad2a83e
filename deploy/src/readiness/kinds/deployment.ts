import type { KubernetesObject } from '../../manifests/kubernetes-object';
import { conditionOf } from '../conditions';
import { current, failed, inProgress, type Readiness, words } from '../state';

interface DeploymentSpec {
  readonly replicas?: number;
  readonly progressDeadlineSeconds?: number;
  readonly paused?: boolean;
}

interface DeploymentStatus {
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly availableReplicas?: number;
  readonly readyReplicas?: number;
  readonly observedGeneration?: number;
}

/** Ready when every pod that is wanted is of the newest template and available, and no other is left. */
export function deployment(object: KubernetesObject): Readiness {
  const { replicas: wanted = 1, progressDeadlineSeconds, paused = false } = object.spec as DeploymentSpec;
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0, readyReplicas = 0, observedGeneration } = (object.status ?? {}) as DeploymentStatus;
  if (observedGeneration === undefined) return inProgress('its controller has not seen it yet');
  const late = conditionOf(object, 'Progressing', 'False');
  if (late?.reason === 'ProgressDeadlineExceeded') return failed(`${words(late)} (${updatedReplicas} new, ${readyReplicas} ready of ${wanted})`);
  const refused = conditionOf(object, 'ReplicaFailure', 'True');
  if (refused !== undefined && updatedReplicas < wanted) return inProgress(words(refused));
  const pause = paused ? ', and it is paused: take paused out of its manifest, or kubectl rollout resume' : '';
  if (updatedReplicas < wanted) return inProgress(`${updatedReplicas} of ${wanted} pods are new${pause}`);
  if (replicas > updatedReplicas) return inProgress(`${replicas - updatedReplicas} old pods are still there${pause}`);
  if (replicas > wanted) return inProgress(`${replicas - wanted} pods are to go`);
  if (availableReplicas < wanted) return inProgress(`${availableReplicas} of ${wanted} pods are ready`);
  if (readyReplicas < wanted) return inProgress(`${readyReplicas} of ${wanted} pods are ready`);
  const hasDeadline = progressDeadlineSeconds !== undefined && progressDeadlineSeconds < 2 ** 31 - 1;
  const done = conditionOf(object, 'Progressing', 'True');
  if (hasDeadline && !paused && wanted > 0 && done?.reason !== 'NewReplicaSetAvailable') return inProgress('its rollout is not complete');
  return wanted === 0 || conditionOf(object, 'Available', 'True') !== undefined ? current : inProgress('it is not available');
}

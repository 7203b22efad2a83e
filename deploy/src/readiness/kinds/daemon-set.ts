import type { KubernetesObject } from '../../manifests/kubernetes-object';
import { current, inProgress, type Readiness } from '../state';

interface DaemonSetStatus {
  readonly observedGeneration?: number;
  readonly desiredNumberScheduled?: number;
  readonly currentNumberScheduled?: number;
  readonly updatedNumberScheduled?: number;
  readonly numberAvailable?: number;
  readonly numberReady?: number;
}

/** Ready when each node that should have a pod has one of the newest template that is available. `OnDelete` leaves old pods to whoever deletes them. */
export function daemonSet(object: KubernetesObject): Readiness {
  const { updateStrategy } = object.spec as { updateStrategy?: { type?: string } };
  const status = (object.status ?? {}) as DaemonSetStatus;
  const {
    observedGeneration,
    desiredNumberScheduled: wanted,
    currentNumberScheduled = 0,
    updatedNumberScheduled = 0,
    numberAvailable = 0,
    numberReady = 0,
  } = status;
  if (observedGeneration === undefined || wanted === undefined) return inProgress('its controller has not seen it yet');
  if (currentNumberScheduled < wanted) return inProgress(`${currentNumberScheduled} of ${wanted} nodes have a pod`);
  if (updateStrategy?.type !== 'OnDelete' && updatedNumberScheduled < wanted) return inProgress(`${updatedNumberScheduled} of ${wanted} pods are new`);
  if (numberAvailable < wanted) return inProgress(`${numberAvailable} of ${wanted} pods are ready`);
  return numberReady < wanted ? inProgress(`${numberReady} of ${wanted} pods are ready`) : current;
}

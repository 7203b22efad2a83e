import type { KubernetesObject } from '../../manifests/kubernetes-object';
import { current, inProgress, type Readiness } from '../state';

interface StatefulSetSpec {
  readonly replicas?: number;
  readonly updateStrategy?: { readonly type?: string; readonly rollingUpdate?: { readonly partition?: number } };
}

interface StatefulSetStatus {
  readonly replicas?: number;
  readonly readyReplicas?: number;
  readonly currentReplicas?: number;
  readonly updatedReplicas?: number;
  readonly currentRevision?: string;
  readonly updateRevision?: string;
  readonly observedGeneration?: number;
}

/** Ready when every pod that is wanted is ready and, above the partition, of the newest template. `OnDelete` leaves pods to whoever deletes them. */
export function statefulSet(object: KubernetesObject): Readiness {
  const { replicas: wanted = 1, updateStrategy = {} } = object.spec as StatefulSetSpec;
  const status = (object.status ?? {}) as StatefulSetStatus;
  const { replicas = 0, readyReplicas = 0, currentReplicas = 0, updatedReplicas = 0, currentRevision, updateRevision, observedGeneration } = status;
  if (updateStrategy.type === 'OnDelete') return current;
  if (observedGeneration === undefined) return inProgress('its controller has not seen it yet');
  if (replicas < wanted) return inProgress(`${replicas} of ${wanted} pods are made`);
  if (readyReplicas < wanted) return inProgress(`${readyReplicas} of ${wanted} pods are ready`);
  if (replicas > wanted) return inProgress(`${replicas - wanted} pods are to go`);
  const partition = updateStrategy.rollingUpdate?.partition ?? 0;
  if (partition > 0) {
    const toUpdate = Math.max(0, wanted - partition);
    return updatedReplicas < toUpdate ? inProgress(`${updatedReplicas} of ${toUpdate} pods are new`) : current;
  }
  if (currentRevision !== updateRevision) return inProgress(`${updatedReplicas} of ${wanted} pods are new`);
  return currentReplicas < wanted ? inProgress(`${currentReplicas} of ${wanted} pods are new`) : current;
}

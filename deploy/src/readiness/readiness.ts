import { groupOf, type KubernetesObject, type ObjectReference } from '../manifests/kubernetes-object';
import { anyConditionOf, conditionOf } from './conditions';
import { cronJob } from './kinds/cron-job';
import { customResourceDefinition } from './kinds/custom-resource-definition';
import { daemonSet } from './kinds/daemon-set';
import { deployment } from './kinds/deployment';
import { horizontalPodAutoscaler } from './kinds/horizontal-pod-autoscaler';
import { ingress } from './kinds/ingress';
import { job } from './kinds/job';
import { persistentVolumeClaim } from './kinds/persistent-volume-claim';
import { pod } from './kinds/pod';
import { replicaSet } from './kinds/replica-set';
import { service } from './kinds/service';
import { statefulSet } from './kinds/stateful-set';
import { current, failed, inProgress, type Readiness, type Rule, type Surroundings, words } from './state';

/** Adding a kind is one line here and one file in `kinds/`. */
const rules: Readonly<Record<string, Rule>> = {
  'apps/Deployment': deployment,
  'apps/StatefulSet': statefulSet,
  'apps/DaemonSet': daemonSet,
  'apps/ReplicaSet': replicaSet,
  'batch/Job': job,
  'batch/CronJob': cronJob,
  'autoscaling/HorizontalPodAutoscaler': horizontalPodAutoscaler,
  '/Pod': pod,
  '/ReplicationController': replicaSet,
  '/Service': service,
  '/PersistentVolumeClaim': persistentVolumeClaim,
  'networking.k8s.io/Ingress': ingress,
  'apiextensions.k8s.io/CustomResourceDefinition': customResourceDefinition,
};

/** Kinds that say nothing of how they stand: whoever has just seen one needn't look again. */
const stateless = new Set([
  '/ConfigMap',
  '/Secret',
  '/ServiceAccount',
  '/LimitRange',
  'rbac.authorization.k8s.io/Role',
  'rbac.authorization.k8s.io/RoleBinding',
  'rbac.authorization.k8s.io/ClusterRole',
  'rbac.authorization.k8s.io/ClusterRoleBinding',
  'networking.k8s.io/NetworkPolicy',
  'networking.k8s.io/IngressClass',
  'scheduling.k8s.io/PriorityClass',
  'storage.k8s.io/StorageClass',
]);

/** Whether a kind is ready by being there. */
export function hasNoState({ group, kind }: Pick<ObjectReference, 'group' | 'kind'>): boolean {
  return stateless.has(`${group}/${kind}`);
}

/** Where an object stands. @param object - nothing when it isn't there */
export function readinessOf(object: KubernetesObject | undefined, surroundings: Surroundings): Readiness {
  if (object === undefined) return { state: 'NotFound', message: 'it is not there' };
  return generic(object) ?? rules[`${groupOf(object.apiVersion)}/${object.kind}`]?.(object, surroundings) ?? byCondition(object);
}

/** What holds for every kind; nothing when it says nothing. */
function generic(object: KubernetesObject): Readiness | undefined {
  const { metadata } = object;
  if (metadata.deletionTimestamp !== undefined) {
    const finalizers = metadata.finalizers ?? [];
    return { state: 'Terminating', message: finalizers.length > 0 ? `being deleted, waiting on finalizers: ${finalizers.join(', ')}` : 'being deleted' };
  }
  const { observedGeneration } = (object.status ?? {}) as { observedGeneration?: number };
  if (metadata.generation !== undefined && observedGeneration !== undefined && observedGeneration < metadata.generation)
    return inProgress('its controller has not seen the change yet');
  const stalled = conditionOf(object, 'Stalled', 'True');
  if (stalled !== undefined) return failed(words(stalled));
  const reconciling = conditionOf(object, 'Reconciling', 'True');
  return reconciling && inProgress(words(reconciling));
}

/** Custom resources: by their condition `Ready`, where they have one. */
function byCondition(object: KubernetesObject): Readiness {
  const ready = anyConditionOf(object, 'Ready');
  return ready === undefined || ready.status === 'True' ? current : inProgress(words(ready));
}

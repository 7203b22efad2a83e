import type { KubernetesObject } from '../manifests/kubernetes-object';
import { anyConditionOf } from '../readiness/conditions';
import { podsOf } from '../readiness/pods';
import { workloadKinds } from './pod-findings';
import { serviceSpecOf, workloadsBehind } from './services';
import { hasLabels } from '../manifests/selectors';
import type { Scene, SceneObject } from './scene';

/** Within it something that is not ready is on its way: a rollout's step, a start, a failover. Milliseconds. */
export const patienceMs = 60_000;

/** Whether an object that is not ready yet got on a moment ago: then it is not called broken. */
export function isUnderWay({ object, readiness }: SceneObject, scene: Scene): boolean {
  if (object === undefined || readiness.state === 'Failed' || readiness.state === 'NotFound') return false;
  if (readiness.state === 'Terminating') return isRecent(object.metadata.deletionTimestamp, scene);
  if (object.kind === 'PersistentVolumeClaim') return true;
  if (object.kind === 'Service') return isServiceUnderWay(object, scene);
  return lastSteps(object, scene).some((time) => isRecent(time, scene));
}

/** Times at which something went on: the object was made or changed, its rollout advanced, a pod of it was made or became ready. */
function lastSteps(object: KubernetesObject, scene: Scene): (string | undefined)[] {
  const pods = workloadKinds.has(object.kind) && object.kind !== 'Pod' ? podsOf(object, scene) : [];
  const { lastUpdateTime } = (anyConditionOf(object, 'Progressing') ?? {}) as { lastUpdateTime?: string };
  return [object.metadata.creationTimestamp, lastUpdateTime, anyConditionOf(object, 'Ready')?.lastTransitionTime, ...pods.flatMap(podSteps)];
}

/** When a pod was made, when its readiness changed, and when it was sent away. */
function podSteps(pod: KubernetesObject): (string | undefined)[] {
  return [pod.metadata.creationTimestamp, anyConditionOf(pod, 'Ready')?.lastTransitionTime, pod.metadata.deletionTimestamp];
}

/** One whose pods are none of anybody's waits for another deployment; else as its pods do, and what makes them. */
function isServiceUnderWay(service: KubernetesObject, scene: Scene): boolean {
  const { selector = {} } = serviceSpecOf(service);
  const pods = scene.pods.filter(({ metadata: { labels = {}, namespace } }) => namespace === service.metadata.namespace && hasLabels(labels, selector));
  const behind = workloadsBehind(service, scene);
  const steps = [service.metadata.creationTimestamp, ...pods.flatMap(podSteps), ...behind.flatMap((workload) => lastSteps(workload, scene))];
  return behind.length === 0 || steps.some((time) => isRecent(time, scene));
}

function isRecent(time: string | undefined, { now }: Scene): boolean {
  return now - Date.parse(time ?? '') < patienceMs;
}

import type { KubernetesObject } from '../manifests/kubernetes-object';
import { anyConditionOf, conditionOf } from '../readiness/conditions';
import { podsOf } from '../readiness/pods';
import { givenUntil } from './given-time';
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
  return object.kind === 'Service' ? isServiceUnderWay(object, scene) : getsOn(object, scene);
}

/** Whether an object was made or changed a moment ago, its rollout advanced, a pod of it gets on, or a Job's pod runs: for how long is the Job's own matter. */
function getsOn(object: KubernetesObject, scene: Scene): boolean {
  const { lastUpdateTime } = (anyConditionOf(object, 'Progressing') ?? {}) as { lastUpdateTime?: string };
  const steps = [object.metadata.creationTimestamp, lastUpdateTime, anyConditionOf(object, 'Ready')?.lastTransitionTime];
  const { minReadySeconds = 0 } = (object.spec ?? {}) as { minReadySeconds?: number };
  const { ready = 0 } = (object.status ?? {}) as { ready?: number };
  return (
    steps.some((time) => isRecent(time, scene)) ||
    (object.kind === 'Job' && ready > 0) ||
    podsIn(object, scene).some((pod) => podGetsOn(pod, scene) || isRecent(conditionOf(pod, 'Ready', 'True')?.lastTransitionTime, scene, minReadySeconds))
  );
}

function podsIn(object: KubernetesObject, scene: Scene): readonly KubernetesObject[] {
  if (object.kind === 'Pod') return [object];
  return workloadKinds.has(object.kind) ? podsOf(object, scene) : [];
}

/** Whether a pod was made or sent away a moment ago, could start or changed its readiness then, or is at what its manifest gives it time for. */
function podGetsOn(pod: KubernetesObject, scene: Scene): boolean {
  const changes = ['Initialized', 'Ready'].map((type) => anyConditionOf(pod, type)?.lastTransitionTime);
  const steps = [pod.metadata.creationTimestamp, pod.metadata.deletionTimestamp, ...changes];
  return steps.some((time) => isRecent(time, scene)) || scene.now - givenUntil(pod, scene) < patienceMs;
}

/** One whose pods are none of anybody's waits for another deployment; else as its pods do, and what makes them. */
function isServiceUnderWay(service: KubernetesObject, scene: Scene): boolean {
  const { selector = {} } = serviceSpecOf(service);
  const pods = scene.pods.filter(({ metadata: { labels = {}, namespace } }) => namespace === service.metadata.namespace && hasLabels(labels, selector));
  const behind = workloadsBehind(service, scene);
  const isGettingOn = pods.some((pod) => podGetsOn(pod, scene)) || behind.some((workload) => getsOn(workload, scene));
  return behind.length === 0 || isRecent(service.metadata.creationTimestamp, scene) || isGettingOn;
}

/** @param more - seconds that are given beside the patience */
function isRecent(time: string | undefined, { now }: Scene, more = 0): boolean {
  return now - Date.parse(time ?? '') < patienceMs + more * 1_000;
}

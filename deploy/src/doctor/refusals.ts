import { type KubernetesObject, referenceOf } from '../manifests/kubernetes-object';
import { conditionOf } from '../readiness/conditions';
import { newestReplicaSet } from '../readiness/pods';
import { eventsOf } from './events';
import { workloadsOf } from './pod-findings';
import type { Scene } from './scene';
import type { Finding } from './verdict';

/**
 * Workloads whose pods the API server refuses, by the words of who wanted to make them.
 *
 * @param pattern - of these words
 */
export function perRefusal(
  scene: Scene,
  pattern: RegExp,
  find: (match: RegExpExecArray, words: string, workload: KubernetesObject) => Omit<Finding, 'subject'>,
): readonly Finding[] {
  return workloadsOf(scene).flatMap((workload) => {
    const words = refusalOf(scene, workload);
    const match = words === undefined ? null : pattern.exec(words);
    return match === null ? [] : [{ ...find(match, words!, workload), subject: referenceOf(workload) }];
  });
}

/** ReplicaSets have a condition for it; of StatefulSets, DaemonSets and Jobs only an event tells. */
function refusalOf(scene: Scene, workload: KubernetesObject): string | undefined {
  const maker = workload.kind === 'Deployment' ? newestReplicaSet(workload, scene) : workload;
  const condition = maker && conditionOf(maker, 'ReplicaFailure', 'True');
  if (condition !== undefined) return condition.message ?? '';
  if (workload.kind === 'Deployment' || workload.kind === 'ReplicaSet') return undefined;
  const last = eventsOf(scene, workload).findLast(({ reason }) => reason === 'FailedCreate' || reason === 'SuccessfulCreate');
  return last?.reason === 'FailedCreate' ? last.message : undefined;
}

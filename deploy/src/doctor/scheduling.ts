import type { KubernetesObject } from '../manifests/kubernetes-object';
import { conditionOf } from '../readiness/conditions';
import { perPod, type PodFinding } from './pod-findings';
import type { Scene } from './scene';
import type { Finding } from './verdict';

/**
 * Pods that no node takes: by the scheduler's words. A node may be added or freed, so none of it is certain.
 *
 * @param pattern - of the scheduler's words
 */
export function perUnscheduled(
  scene: Scene,
  pattern: RegExp,
  find: (words: string, pod: KubernetesObject) => (Pick<PodFinding, 'next'> & { readonly why?: string; readonly evidence?: readonly string[] }) | undefined,
): readonly Finding[] {
  return perPod(scene, (pod) => {
    const condition = conditionOf(pod, 'PodScheduled', 'False');
    if (condition === undefined || !pattern.test(condition.message ?? '')) return undefined;
    const words = wordsOf(condition.message ?? 'the scheduler says no reason');
    const found = find(words, pod);
    if (found === undefined) return undefined;
    const { why, next, evidence = [] } = found;
    const cause = `no node takes it: ${words.replace(/\.$/, '')}${why === undefined ? '' : `; ${why}`}`;
    // one that waits for its volume is told of the claim
    return { cause, next, evidence: [words, ...evidence], certainAfterMs: Infinity, isSymptom: /persistent ?volume/i.test(words) };
  });
}

/** Without what it says of preemption. */
function wordsOf(message: string): string {
  return message.replace(/ (?:no new claims to deallocate, )?preemption: .*$/s, '').trim();
}

import { endingOf } from './container-status';
import { type ContainerView, perContainer, type PodFinding, waitingOf } from './pod-findings';
import type { Scene } from './scene';
import type { Finding } from './verdict';

/** Words of the kubelet for a container that never ran. */
const reasons = new Set(['CreateContainerError', 'RunContainerError', 'ContainerCannotRun', 'StartError']);

/** Containers that can't be started. @param find - gets the runtime's words, and how long they have to be seen to be certain */
export function perStartFault(scene: Scene, find: (words: string, certainAfterMs: number, view: ContainerView) => PodFinding | undefined): readonly Finding[] {
  return perContainer(scene, (view) => {
    const { reason, message } = waitingOf(view);
    const ending = endingOf(view.status);
    if (reasons.has(reason)) return find(message || (ending?.message ?? `exit code ${ending?.exitCode}`), 30_000, view);
    if (ending === undefined || !reasons.has(ending.reason ?? '')) return undefined;
    return find(ending.message ?? `exit code ${ending.exitCode}`, ending.times > 2 ? 0 : Infinity, view);
  });
}

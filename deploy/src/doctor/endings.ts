import { type Ending, endingOf, podStatusOf } from './container-status';
import { type LogWords, wordsOf } from './log-words';
import { type ContainerView, perContainer, type PodFinding } from './pod-findings';
import { logKey, type Scene } from './scene';
import type { Finding, PodLog } from './verdict';

/** Runs that ended badly before the next one is taken for as bad: two restarts, 10 and 20 s apart, let a container wait for what it needs. */
const certainRuns = 3;

/** A container that ended badly. */
export interface Ended extends ContainerView {
  readonly ending: Ending;
  /** What its log says of it, where it was read. */
  readonly words?: LogWords;
  readonly log: PodLog;
  /** `, 3 times`; empty for the first. */
  readonly times: string;
  readonly certainAfterMs: number;
}

/** What is wrong with containers that ended badly. Evicted pods ended for another reason than their containers'. */
export function perEnding(scene: Scene, find: (ended: Ended) => PodFinding | undefined): readonly Finding[] {
  return perContainer(scene, (view) => {
    const { pod, status } = view;
    const ending = endingOf(status, scene.now);
    const isWaiting = status.state?.waiting?.reason === 'CrashLoopBackOff';
    if (podStatusOf(pod).reason === 'Evicted' || (ending === undefined && !isWaiting)) return undefined;
    const shown: Ending = ending ?? { exitCode: NaN, isPrevious: true, times: (status.restartCount ?? 0) + 1 };
    if (shown.exitCode === 0 && !isWaiting && shown.times <= certainRuns) return undefined;
    const words = wordsOf(scene.logs.get(logKey(pod, status.name, shown.isPrevious)));
    return find({
      ...view,
      ending: shown,
      ...(words && { words }),
      log: { pod, container: status.name, previous: shown.isPrevious },
      times: shown.times > 1 ? `, ${shown.times} times` : '',
      certainAfterMs: isWaiting && shown.times >= certainRuns ? 0 : Infinity,
    });
  });
}

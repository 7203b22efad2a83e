import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../cluster/api-error';
import type { Streams } from '../cluster/streams';
import type { KubernetesObject } from '../manifests/kubernetes-object';
import { type ContainerStanding, followContainer } from './follow-container';
import type { LogView } from './log-view';
import { containerKey, placeOf, type ShownLogs } from './logs-until-now';
import { containersOf } from './pod-containers';
import { ShownLines } from './shown-lines';
import type { StackPods } from './stack-pods';

/** Milliseconds between two looks at the pods. */
const lookMs = 1_000;

/** What is followed, and how it is told. */
export interface FollowedPods {
  readonly pods: StackPods;
  /** What was shown of the containers that there were. */
  readonly shown: ShownLogs;
  readonly view: LogView;
  /** Told once of a cluster that can't be asked for a while. */
  readonly onFault: (sentence: string) => void;
}

/**
 * Follows the logs of pods, of those too that come later, until the signal.
 *
 * @throws ApiError when it isn't allowed
 */
export async function followPods(streams: Streams, { pods, shown, view, onFault }: FollowedPods, signal: AbortSignal): Promise<void> {
  const failed = new AbortController();
  const until = AbortSignal.any([signal, failed.signal]);
  const standings = new Map<string, ContainerStanding>();
  const under = new Map<string, Promise<void>>();
  const begin = (pod: KubernetesObject, name: string) => {
    const key = containerKey(pod, name);
    const source = view.sourceOf(pod, name);
    const container = {
      where: placeOf(pod, name),
      shown: shown.get(key) ?? shown.set(key, new ShownLines()).get(key)!,
      standing: () => standings.get(key) ?? 'gone',
      show: (lines: readonly { time: string; text: string }[]) => view.show(lines.map((line) => ({ source, line }))),
    };
    const following = followContainer(streams, container, until).catch((error: unknown) => failed.abort(error));
    under.set(key, following);
    void following.then(() => {
      under.delete(key);
      shown.delete(key);
    });
  };
  for (let isTold = false; !until.aborted; await sleep(lookMs, undefined, { signal: until }).catch(() => undefined)) {
    try {
      const found = await pods.list();
      standings.clear();
      for (const pod of found) for (const { name, standing } of containersOf(pod)) standings.set(containerKey(pod, name), standing);
      for (const pod of found) for (const { name } of containersOf(pod)) if (!under.has(containerKey(pod, name))) begin(pod, name);
      isTold = false;
    } catch (error) {
      if (error instanceof ApiError && !error.isPassing) throw error;
      if (!isTold) onFault(`${(error as Error).message}; asked again until it answers`);
      isTold = true;
    }
  }
  await Promise.all(under.values());
  if (failed.signal.aborted) throw failed.signal.reason;
}

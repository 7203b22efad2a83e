import { ApiError } from '../cluster/api-error';
import type { ContainerLocation } from '../cluster/exec';
import type { Streams } from '../cluster/streams';
import { inParallel } from '../in-parallel';
import type { KubernetesObject } from '../manifests/kubernetes-object';
import { logLine } from './log-line';
import { mergedByTime } from './merged-by-time';
import { containersOf } from './pod-containers';
import { openLog } from './read-log';
import { ShownLines } from './shown-lines';
import { wholeLog } from './whole-log';
import type { LogView } from './log-view';

/** What of the logs is wanted. */
export interface WantedLogs {
  /** A whole second: nothing older. */
  readonly since?: string | undefined;
  /** Last lines of each container; 0 for none. */
  readonly tail?: number | undefined;
  readonly previous?: boolean | undefined;
  /** Whether they are followed afterwards. */
  readonly follow?: boolean | undefined;
}

/** What was shown of each container, by {@link containerKey}. */
export type ShownLogs = Map<string, ShownLines>;

/** One text for one container of one pod, whatever pod has its name later. */
export function containerKey({ metadata: { uid } }: KubernetesObject, container: string): string {
  return `${uid}/${container}`;
}

/** Where a container is. */
export function placeOf({ metadata: { namespace = '', name } }: KubernetesObject, container: string): ContainerLocation {
  return { namespace, pod: name, container };
}

/** Shows the logs that there are, as one by time. @returns what was shown of each container */
export async function showLogsUntilNow(
  streams: Streams,
  pods: readonly KubernetesObject[],
  wanted: WantedLogs,
  view: LogView,
  onFault: (sentence: string) => void,
  signal: AbortSignal,
): Promise<ShownLogs> {
  const containers = pods.flatMap((pod) => containersOf(pod).map((container) => ({ pod, ...container })));
  const begun = containers.filter(({ standing, hasPrevious }) => (wanted.previous ? hasPrevious : standing !== 'waiting'));
  const logs = new Map(
    await inParallel(begun, async ({ pod, name, runBeforeEndedAt }) => {
      const where = placeOf(pod, name);
      const shown = new ShownLines(wanted.since);
      if (wanted.follow && runBeforeEndedAt !== undefined) await leaveOutRunBefore(streams, where, runBeforeEndedAt, shown, signal);
      const tail = wanted.tail === undefined ? undefined : Math.max(wanted.tail, 1);
      const log = wholeLog(streams, { where, shown, tail, previous: wanted.previous === true, withRest: wanted.follow !== true, onFault }, signal);
      return [{ ...view.sourceOf(pod, name), shown, key: containerKey(pod, name) }, log] as const;
    }),
  );
  for await (const lines of mergedByTime(logs)) {
    if (wanted.tail !== 0) await view.show(lines);
    // the last line that is not wanted says from where on lines are
    else for (const { source, line } of lines) source.shown.leaveOutUntil(line.time);
    if (signal.aborted) break;
  }
  return new Map([...logs.keys()].map(({ key, shown }) => [key, shown]));
}

/**
 * Who follows a container reads the run before its present one too, should that end meanwhile; what ended before that is old. The node may know of a
 * later end than the pod's status says: then it is by the status.
 */
async function leaveOutRunBefore(streams: Streams, where: ContainerLocation, endedAt: string, shown: ShownLines, signal: AbortSignal): Promise<void> {
  const nextSecond = new Date(Date.parse(endedAt) + 1_000).toISOString();
  try {
    let last = '';
    for await (const { lines, rest } of await openLog(streams, where, { previous: true, tail: 1 }, signal))
      for (const raw of [...lines, ...(rest === undefined ? [] : [rest])]) last = logLine(raw)?.time ?? last;
    if (last !== '' && last < nextSecond) return shown.leaveOutUntil(last);
  } catch (error) {
    if (error instanceof ApiError && error.code === 403) throw error;
  }
  shown.leaveOutBefore(endedAt);
}

import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, Unreachable } from '../cluster/api-error';
import type { ContainerLocation } from '../cluster/exec';
import type { Streams } from '../cluster/streams';
import { type LogLine, logLine } from './log-line';
import { openLog, type RawLines } from './read-log';
import type { Reading, ShownLines } from './shown-lines';

/** A run of a container: from its start to its end. */
export interface ContainerRun {
  /** The runtime's name for it. */
  readonly id: string;
  readonly hasEnded: boolean;
}

/** What is known of a container just now: its last run, `waiting` before the first, and `gone` when its pod is no more. */
export type ContainerStanding = ContainerRun | 'waiting' | 'gone';

/** A container that is followed. */
export interface FollowedContainer {
  readonly where: ContainerLocation;
  /** What was shown of it. */
  readonly shown: ShownLines;
  /** How it stands, by the last look. */
  standing(): ContainerStanding;
  /** Gets its lines in their order. */
  show(lines: readonly LogLine[]): Promise<void>;
}

/** Milliseconds between two looks at how it stands. */
const lookMs = 200;

/** Milliseconds before it is asked again; they double while nothing comes. */
const firstWaitMs = 100;
const longestWaitMs = 2_000;

/**
 * Shows a container's log until its pod is gone: each line once, over restarts of the container and connections that break. A log is asked for again
 * from its last second on, and what was shown of it is left out. Which run is answered only the node knows; so the one before it is read each time too:
 * what broke off in it comes first.
 *
 * @throws ApiError when it isn't allowed
 */
export async function followContainer(streams: Streams, container: FollowedContainer, signal: AbortSignal): Promise<void> {
  let finished: string | undefined;
  let waitMs = firstWaitMs;
  let rest: LogLine | undefined;
  for (let standing; !signal.aborted && (standing = container.standing()) !== 'gone';) {
    if (standing === 'waiting' || standing.id === finished) {
      await pause(lookMs, signal);
      waitMs = firstWaitMs;
      continue;
    }
    const outcome = await read(streams, container, signal);
    if (outcome.isWhole) rest = outcome.rest;
    // a run that had ended before it was asked for, and was answered to its end
    if (outcome.isWhole && standing.hasEnded) {
      finished = standing.id;
      await showRest(container, rest);
      rest = undefined;
    }
    await pause(waitMs, signal);
    waitMs = outcome.hadNews ? firstWaitMs : Math.min(waitMs * 2, longestWaitMs);
  }
  await showRest(container, rest);
}

/** Ends early when nobody waits any more. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal }).catch(() => undefined);
}

/** How one reading of a log ended. */
interface Outcome {
  /** Whether the server ended it, as it does when it has no more. */
  readonly isWhole: boolean;
  readonly hadNews: boolean;
  /** A line that has not ended yet; it may be the last. */
  readonly rest?: LogLine;
}

/** Reads it from where it was left to its end, or until the connection breaks. @throws ApiError when it isn't allowed */
async function read(streams: Streams, container: FollowedContainer, signal: AbortSignal): Promise<Outcome> {
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  const { where, shown, show } = container;
  let hadNews = false;
  const counting = { ...container, show: (lines: readonly LogLine[]) => ((hadNews = true), show(lines)) };
  try {
    const { since } = shown;
    const reading = shown.reading();
    const current = await openLog(streams, where, { follow: true, since }, until);
    await showPrevious(streams, counting, since, reading.before(), until);
    const rest = await showAll(counting, current, reading);
    return { isWhole: true, hadNews, ...(rest && { rest }) };
  } catch (error) {
    if (!isPassing(error)) throw error;
    return { isWhole: false, hadNews };
  } finally {
    over.abort();
  }
}

async function showPrevious(streams: Streams, container: FollowedContainer, since: string | undefined, reading: Reading, signal: AbortSignal): Promise<void> {
  try {
    const previous = await openLog(streams, container.where, { previous: true, since }, signal);
    const rest = await showAll(container, previous, reading);
    if (rest !== undefined && reading.isNew(rest)) await container.show([rest]);
  } catch (error) {
    // there was none, or it is kept no longer
    if (!(error instanceof ApiError) || error.code === 403 || error.code >= 500) throw error;
  }
}

/** @returns a line that has not ended */
async function showAll({ show }: FollowedContainer, pieces: AsyncIterable<RawLines>, reading: Reading): Promise<LogLine | undefined> {
  let rest: LogLine | undefined;
  for await (const piece of pieces) {
    // what has no time before it is the end of a line that began earlier, or the node's own complaint
    const wanted = piece.lines.flatMap((raw) => logLine(raw) ?? []).filter(reading.isNew);
    if (wanted.length > 0) await show(wanted);
    if (piece.rest !== undefined) rest = logLine(piece.rest);
  }
  return rest;
}

async function showRest({ shown, show }: FollowedContainer, rest: LogLine | undefined): Promise<void> {
  if (rest !== undefined && shown.reading().isNew(rest)) await show([rest]);
}

/** A connection that breaks is no ApiError. */
function isPassing(error: unknown): boolean {
  if (error instanceof ApiError) return error.code !== 403;
  const { code, name } = error as NodeJS.ErrnoException;
  return error instanceof Unreachable || code !== undefined || name === 'AbortError';
}

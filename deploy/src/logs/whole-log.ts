import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../cluster/api-error';
import type { ContainerLocation } from '../cluster/exec';
import type { Streams } from '../cluster/streams';
import { type LogLine, logLine, textOf } from './log-line';
import { type LogQuery, openLog } from './read-log';
import type { ShownLines } from './shown-lines';

/** Connections that may break one after the other without a line between. */
const mostBreaks = 5;

/** Milliseconds before it is asked again. */
const waitMs = 500;

/** A log that is read to its present end. */
export interface WantedLog {
  readonly where: ContainerLocation;
  readonly shown: ShownLines;
  /** Of the run before the last restart. @default false */
  readonly previous?: boolean;
  /** The last lines only. @default all */
  readonly tail?: number | undefined;
  /** Whether a line that has not ended is given too. */
  readonly withRest: boolean;
  /** Told when the node can't give it, in a sentence. */
  readonly onFault: (sentence: string) => void;
}

/**
 * A container's log as it is now, in pieces. Where the connection breaks it goes on.
 *
 * @throws ApiError, Unreachable when it breaks again and again
 */
export async function* wholeLog(streams: Streams, wanted: WantedLog, signal: AbortSignal): AsyncGenerator<readonly LogLine[]> {
  const { where, shown, previous = false, tail, onFault } = wanted;
  const begun = { hasLine: false };
  for (let breaks = 0; ;) {
    try {
      const query: LogQuery = { previous, since: shown.since, ...(begun.hasLine ? {} : { tail }) };
      for await (const lines of piecesOf(streams, wanted, query, begun, signal)) {
        breaks = 0;
        yield lines;
      }
      return;
    } catch (error) {
      if (error instanceof ApiError && error.code >= 400 && error.code < 500 && error.code !== 403 && error.code !== 429)
        return void (error.isNotFound || onFault(`${where.namespace}/${where.pod}: ${error.message}`));
      if (signal.aborted || (error instanceof ApiError && error.code === 403) || ++breaks > mostBreaks) throw error;
      await sleep(waitMs, undefined, { signal });
    }
  }
}

async function* piecesOf(
  streams: Streams,
  { where, shown, tail, withRest, onFault }: WantedLog,
  query: LogQuery,
  begun: { hasLine: boolean },
  signal: AbortSignal,
): AsyncGenerator<readonly LogLine[]> {
  const over = new AbortController();
  const reading = shown.reading();
  try {
    for await (const { lines, rest } of await openLog(streams, where, query, AbortSignal.any([signal, over.signal]))) {
      const all = [...lines, ...(rest === undefined || !withRest ? [] : [rest])];
      const found = all.flatMap((raw) => logLine(raw) ?? []);
      // what is before the first of the last lines isn't wanted, should it be read again
      if (!begun.hasLine && found.length > 0 && tail !== undefined) shown.leaveOutBefore(found[0]!.time);
      if (!begun.hasLine && found.length === 0 && all.length > 0) onFault(`${where.namespace}/${where.pod}: ${textOf(all[0]!).trim()}`);
      begun.hasLine ||= found.length > 0;
      const news = found.filter(reading.isNew);
      if (news.length > 0) yield news;
    }
  } finally {
    over.abort();
  }
}

import { type LogLine, secondOf } from './log-line';

/** One reading of a log, in which lines come in their order. */
export interface Reading {
  /** Whether a line was not shown yet; then it counts as shown. */
  isNew(line: LogLine): boolean;
  /** Another reading from the same second on, which is done before this one. */
  before(): Reading;
}

/** Characters of a time such as `2026-11-28T12:08:18Z`. */
const wholeSecondLength = 20;

/**
 * Which lines of a container were shown, as far back as the API may serve them again: it takes the time to begin from in whole seconds only, and lines of
 * stdout and stderr may stand in another order than their times.
 */
export class ShownLines {
  /** Lines and how often each was shown, by their second. */
  private readonly seconds = new Map<string, Map<string, number>>();
  private newest = '';

  private floor = '';

  /** @param since - a second: what is older isn't wanted */
  constructor(since = '') {
    this.leaveOutBefore(since);
  }

  /** The second to begin from when the log is read again; nothing for its beginning. */
  get since(): string | undefined {
    if (this.newest !== '') return secondBefore(this.newest);
    return this.floor === '' ? undefined : secondOf(this.floor);
  }

  /** What was written before a time isn't wanted either; a second counts from its beginning. */
  leaveOutBefore(time: string): void {
    const from = time.length === wholeSecondLength ? time.slice(0, -1) : time;
    if (from > this.floor) this.floor = from;
  }

  /** What was written at a time or before isn't wanted either. */
  leaveOutUntil(time: string): void {
    // later than that time, and earlier than the next nanosecond
    this.leaveOutBefore(`${time}~`);
  }

  /** Begins a reading of the log from {@link since} on. */
  reading(): Reading {
    const again = new Map<string, number>();
    for (const second of this.seconds.values()) for (const [line, count] of second) again.set(line, count);
    return this.readingOf(again);
  }

  private readingOf(again: Map<string, number>, onNew?: (key: string) => void): Reading {
    return {
      isNew: (line) => {
        if (line.time < this.floor) return false;
        const key = `${line.time} ${line.text}`;
        const left = again.get(key) ?? 0;
        if (left > 0) again.set(key, left - 1);
        else {
          this.add(line.time, key);
          onNew?.(key);
        }
        return left === 0;
      },
      before: () => this.readingOf(new Map(again), (key) => again.set(key, (again.get(key) ?? 0) + 1)),
    };
  }

  private add(time: string, key: string): void {
    const second = secondOf(time);
    if (second > this.newest) {
      this.newest = second;
      const oldest = secondBefore(second);
      for (const known of this.seconds.keys()) if (known < oldest) this.seconds.delete(known);
    }
    if (second < secondBefore(this.newest)) return;
    const lines = this.seconds.get(second) ?? this.seconds.set(second, new Map()).get(second)!;
    lines.set(key, (lines.get(key) ?? 0) + 1);
  }
}

function secondBefore(second: string): string {
  return secondOf(new Date(Date.parse(second) - 1_000).toISOString());
}

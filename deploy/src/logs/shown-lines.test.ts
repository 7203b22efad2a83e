import fc from 'fast-check';
import { type LogLine, logLine } from './log-line';
import { ShownLines } from './shown-lines';

const at = (ms: number, text = 'line'): LogLine => ({ time: new Date(Date.UTC(2026, 0, 1) + ms).toISOString().replace('Z', '000000Z'), text });
/** What the API serves: whole seconds only. */
const servedSince = (log: readonly LogLine[], since: string | undefined) => log.filter(({ time }) => since === undefined || `${time.slice(0, 19)}Z` >= since);

describe('lines that were shown', () => {
  it('are not shown again, and those after them are', () => {
    const shown = new ShownLines();
    const first = shown.reading();
    expect([at(0), at(1_500), at(1_500), at(2_100)].map(first.isNew)).toEqual([true, true, true, true]);
    expect(shown.since).toBe('2026-01-01T00:00:01Z');
    const again = shown.reading();
    // three alike where two were: the third is new
    expect([at(1_500), at(1_500), at(1_500), at(2_100), at(2_100, 'other'), at(9_000)].map(again.isNew)).toEqual([false, false, true, false, true, true]);
  });

  it('of the run before count in the reading that goes on after it', () => {
    const shown = new ShownLines();
    const reading = shown.reading();
    expect([at(0), at(5_000)].map(reading.before().isNew)).toEqual([true, true]);
    // between two runs both are the same
    expect([at(0), at(5_000), at(6_000)].map(reading.isNew)).toEqual([false, false, true]);
  });

  it('do not count where they are older than what is wanted', () => {
    const shown = new ShownLines('2026-01-01T00:00:01Z');
    expect([at(999), at(1_000), at(1_001)].map(shown.reading().isNew)).toEqual([false, true, true]);
    const other = new ShownLines();
    other.leaveOutUntil(at(1_000).time);
    expect(other.since).toBe('2026-01-01T00:00:01Z');
    expect([at(1_000), at(1_001)].map(other.reading().isNew)).toEqual([false, true]);
  });

  it('make each line shown once, however often a reading breaks and whatever the order within a second', () => {
    const line = fc.record({ ms: fc.integer({ min: 0, max: 9_000 }), text: fc.constantFrom('a', 'b') });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), fc.array(fc.nat(60), { maxLength: 8 }), (lines, breaks) => {
        // nearly in order, as two streams into one file are
        const log = [...lines].sort((one, other) => one.ms - (other.ms + (other.text === 'a' ? 40 : 0))).map(({ ms, text }) => at(ms, text));
        const shown = new ShownLines();
        const printed: LogLine[] = [];
        for (const length of [...breaks, Infinity]) {
          const reading = shown.reading();
          printed.push(...servedSince(log, shown.since).slice(0, length).filter(reading.isNew));
        }
        const texts = (all: readonly LogLine[]) => all.map(({ time, text }) => `${time} ${text}`).sort();
        expect(texts(printed)).toEqual(texts(log));
      }),
    );
  });
});

describe('a line with its time', () => {
  it.each([
    ['2026-11-28T12:08:18.767356643Z a line', '2026-11-28T12:08:18.767356643Z', 'a line'],
    ['2026-11-28T12:08:18.767356643Z ', '2026-11-28T12:08:18.767356643Z', ''],
    ['2026-11-28T14:08:18.5+02:00 elsewhere', '2026-11-28T12:08:18.500000000Z', 'elsewhere'],
    ['2026-11-28T12:08:18Z even', '2026-11-28T12:08:18.000000000Z', 'even'],
  ])('%j is split', (raw, time, text) => expect(logLine(raw)).toEqual({ time, text }));

  it('is none where the node speaks for itself', () => {
    expect(logLine('unable to retrieve container logs for containerd://6cfe')).toBeUndefined();
    expect(logLine('')).toBeUndefined();
  });
});

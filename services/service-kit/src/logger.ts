import pino from 'pino';
import type { Build } from './metrics/metrics';

/** The service's log: JSON lines on stdout. */
export type Logger = pino.Logger;

/** Where lines go: buffered, so that a line costs no system call of its own. */
export interface LogDestination {
  write(line: string): void;
  /** Writes out what is buffered; call it before the process ends. */
  flushSync(): void;
}

/**
 * Standard output, written in 12 KiB pieces or every 100 ms, whichever comes first. While nobody reads,
 * at most 16 MiB are kept; lines beyond that are dropped so that a stuck collector can't exhaust memory.
 */
export function standardOutput(): LogDestination {
  // As bytes: as text, the whole buffer's length would be counted anew with each line.
  const stream = pino.destination({ dest: 1, sync: false, minLength: 12 * 1024, periodicFlush: 100, maxLength: 16 * 1024 * 1024, contentMode: 'buffer' });
  return {
    write: (line) => void stream.write(Buffer.from(line) as unknown as string),
    flushSync: () => stream.flushSync(),
  };
}

/**
 * Makes the logger. Every line has `time` (ISO 8601), `level` (a word), `service`, `version` and `msg`.
 *
 * @param level - one of pino's words, or `silent`
 */
export function createLogger(build: Build, level: string, destination: LogDestination): Logger {
  return pino(
    {
      level,
      base: { service: build.service, version: build.version },
      timestamp: createClock(),
      formatters: { level: (label) => ({ level: label }) },
    },
    destination as pino.DestinationStream,
  );
}

/** pino's timestamp, written once a millisecond instead of once a line. */
function createClock(): () => string {
  let at = 0;
  let text = '';
  return () => {
    const now = Date.now();
    if (now !== at) {
      at = now;
      text = `,"time":"${new Date(now).toISOString()}"`;
    }
    return text;
  };
}

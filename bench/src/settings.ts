import { parseArgs } from 'node:util';
import type { Pace } from './interleave';

/** How long and how much to measure. */
export interface Settings {
  readonly quick: boolean;
  /** Write RESULTS.md. */
  readonly write: boolean;
  /** Names of the parts to run; empty means all. */
  readonly only: readonly string[];
  readonly pace: Pace;
  /** Rows in every store before it is measured. */
  readonly rows: number;
  /** Requests in flight where nothing else is said. */
  readonly connections: number;
  /** How long the load lasts after which memory is read. */
  readonly memorySeconds: number;
  /** How often each program is started. */
  readonly starts: number;
}

/** @throws TypeError for an unknown option */
export function readSettings(args: readonly string[]): Settings {
  const options = { quick: { type: 'boolean' }, write: { type: 'boolean' }, only: { type: 'string', multiple: true } } as const;
  const { quick = false, write = false, only = [] } = parseArgs({ args: [...args], options }).values;
  return { quick, write, only, connections: 32, ...(quick ? short : full) };
}

const full = { pace: { rounds: 12, sliceMs: 1_000, warmUps: 2 }, rows: 10_000, memorySeconds: 60, starts: 15 };
const short = { pace: { rounds: 3, sliceMs: 500, warmUps: 1 }, rows: 1_000, memorySeconds: 5, starts: 5 };

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { places } from './places';
import { mean, quietestThird } from './statistics';

/** A command that ran from its start to its end. */
export interface Ran {
  readonly milliseconds: number;
  readonly output: string;
}

/** Runs a command to its end. @throws Error with its stderr when it fails */
export function timed([program, ...rest]: readonly string[], env: NodeJS.ProcessEnv = process.env): Ran {
  const startedAt = performance.now();
  const { status, stdout, stderr, error } = spawnSync(program!, rest, { encoding: 'utf8', maxBuffer: 512 * 1024 * 1024, env });
  const milliseconds = performance.now() - startedAt;
  if (status !== 0) throw new Error(`${program} ${rest.join(' ')} ${error?.message ?? `exited with ${status}`}:\n${stderr}${stdout}`);
  return { milliseconds, output: stdout };
}

/** The time of the quietest third. */
export function quiet(values: readonly number[]): number {
  return mean(quietestThird(values, (value) => value));
}

/**
 * The most memory that a command written in Node.js had resident at once, in megabytes (10⁶ bytes). It says it itself when it ends: what the system
 * keeps of a child counts the parent's memory from before the program was loaded too.
 */
export function peakMegabytes(command: readonly string[], env: NodeJS.ProcessEnv): number {
  const [hook, peak] = [places.file('peak.cjs'), places.file('peak')];
  writeFileSync(hook, `const fs = require('fs'); process.once('exit', () => fs.writeFileSync(process.env.PEAK_FILE, fs.readFileSync('/proc/self/status')));`);
  timed(command, { ...env, NODE_OPTIONS: `--require ${hook}`, PEAK_FILE: peak });
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(peak, 'latin1'))?.[1];
  return (Number(kibibytes) * 1024) / 1e6;
}

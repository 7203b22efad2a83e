import { SynthRefused } from './refusal';

/** The command line was wrong. */
export class UsageError extends Error {}

/**
 * What a parser makes of the command line.
 *
 * @throws UsageError with its words and the usage
 */
export function readCommandLine<T>(usage: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${usage}`);
  }
}

/** Runs a command. What was refused is said in its own words, a bug with its stack; the exit code is 64 for a wrong command line (`EX_USAGE`), else 1. */
export function runCommand(name: string, command: () => void): void {
  try {
    command();
  } catch (error) {
    const { message, stack } = error as Error;
    console.error(`${name}: ${error instanceof SynthRefused || error instanceof UsageError ? message : stack}`);
    process.exitCode = error instanceof UsageError ? 64 : 1;
  }
}

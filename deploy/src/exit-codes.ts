/** What `berth` exits with. Scripts may rely on them: they change with a major version only. */
export const exitCodes = { done: 0, failed: 1, usage: 2, refused: 3, notHealthy: 4, changes: 5 } as const;

/** One of {@link exitCodes}. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Something that a person is told in one or a few sentences; anything else that is thrown is a bug and shows its stack. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';

  constructor(
    message: string,
    readonly exitCode: ExitCode = exitCodes.failed,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The command line, a file or an environment is wrong: nothing was written. */
export class UsageError extends CommandError {
  override readonly name = 'UsageError';

  constructor(message: string, options?: ErrorOptions) {
    super(message, exitCodes.usage, options);
  }
}

/** What was asked could lose something, or touch what isn't meant: nothing was written. */
export class Refused extends CommandError {
  override readonly name = 'Refused';

  constructor(message: string, options?: ErrorOptions) {
    super(message, exitCodes.refused, options);
  }
}

/** Something is not healthy in time, or is certain not to become so. */
export class NotHealthy extends CommandError {
  override readonly name = 'NotHealthy';

  constructor(message: string) {
    super(message, exitCodes.notHealthy);
  }
}

/** One sentence, or a list of them under a headline. */
export function faultList(headline: string, faults: readonly string[]): string {
  return faults.length === 1 ? faults[0]! : `${headline}:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`;
}

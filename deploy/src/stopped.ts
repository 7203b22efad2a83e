import { CommandError } from './exit-codes';

/** @throws CommandError when a signal says that what is under way should end: its own reason, else that somebody wanted it */
export function throwIfStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  const { reason } = signal as { reason: unknown };
  throw reason instanceof CommandError ? reason : new CommandError('stopped: what was begun is finished by running the command again');
}

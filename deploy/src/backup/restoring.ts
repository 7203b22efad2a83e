import type { CommandPlace } from './command-place';
import type { ArchivedStore } from './archive';

/** A store that is to be replaced by a copy. */
export interface Restoring {
  /** Whether what is served has data of the service's own. */
  holdsData(): Promise<boolean>;
  /** Brings the copy to where it will be served, beside what is served, and makes sure that it is what the archive says. */
  stage(archived: ArchivedStore, path: string): Promise<void>;
  /**
   * What is staged takes the place of what is served, in one step: at once, or with the next start of the service.
   *
   * @throws Refused when it would lose data that it may not
   */
  switchOver(overwrite: boolean): Promise<void>;
  /** Whether what is served now is what was staged. @throws Refused when it never will be, because there are data that may not be lost */
  isServed(): Promise<boolean>;
  /** Forgets what was staged and not served, and what was replaced. Does so also when the command was stopped. */
  cleanUp(): Promise<void>;
}

/** What a restore is done with. */
export interface RestoreTools {
  readonly place: CommandPlace;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
  /** Call before what can't be taken back. @throws when nothing may be written any more */
  checkMayWrite(): void;
}

/** Milliseconds for what is done at the end, whoever has stopped the rest. */
export const cleanUpMs = 30_000;

/** The sentence of a store that got data while its backup was brought in. */
export function gotDataWords(name: string): string {
  return `${name} was given data while its backup was brought in, so it was left as it is: say --overwrite when they may be lost`;
}

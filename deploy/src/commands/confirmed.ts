import { createInterface } from 'node:readline/promises';
import { Refused, UsageError } from '../exit-codes';
import type { World } from '../session';

/** Where somebody types. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
}

/**
 * Asks for the stack's name, unless it was given.
 *
 * @param what - what will happen, as the beginning of a sentence
 * @param nothing - what did not happen where it was refused, such as `nothing was removed`
 * @param terminal - where it is asked. @default that of this process
 * @throws Refused unless it is the stack's name
 * @throws UsageError when nothing is typed, but Ctrl-C or Ctrl-D
 */
export async function confirmed(
  name: string,
  given: string | undefined,
  what: string,
  nothing: string,
  { output, signal }: Pick<World, 'output' | 'signal'>,
  terminal: Terminal = { input: process.stdin, output: process.stderr },
): Promise<void> {
  if (given !== undefined && given !== name) throw new Refused(`--confirm says "${given}", and the stack is "${name}": ${nothing}`);
  if (given === name) return;
  if (terminal.input.isTTY !== true) throw new Refused(`${what}: say --confirm ${name} when that is meant; ${nothing}`);
  const line = createInterface(terminal);
  const closed = new Promise<undefined>((done) => line.once('close', () => done(undefined)));
  const answered = line.question(`${output.styled('bold', `${what}. Type "${name}" to go on: `)}`, { signal }).catch(() => undefined);
  const typed = await Promise.race([answered, closed]);
  line.close();
  if (typed === undefined) {
    output.raw('\n');
    throw new UsageError(`nobody typed "${name}": ${nothing}`);
  }
  if (typed.trim() !== name) throw new Refused(`"${typed.trim()}" is not "${name}": ${nothing}`);
}

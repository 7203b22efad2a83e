import { createInterface } from 'node:readline/promises';
import { Refused } from '../exit-codes';
import type { World } from '../session';

/**
 * Asks for the stack's name, unless it was given.
 *
 * @param what - what will happen, as the beginning of a sentence
 * @param nothing - what did not happen where it was refused, such as `nothing was removed`
 * @throws Refused unless it is the stack's name
 */
export async function confirmed(name: string, given: string | undefined, what: string, nothing: string, { output, signal }: World): Promise<void> {
  if (given !== undefined && given !== name) throw new Refused(`--confirm says "${given}", and the stack is "${name}": ${nothing}`);
  if (given === name) return;
  if (!process.stdin.isTTY) throw new Refused(`${what}: say --confirm ${name} when that is meant; ${nothing}`);
  const line = createInterface({ input: process.stdin, output: process.stderr });
  const typed = await line.question(`${output.styled('bold', `${what}. Type "${name}" to go on: `)}`, { signal }).finally(() => line.close());
  if (typed.trim() !== name) throw new Refused(`"${typed.trim()}" is not "${name}": ${nothing}`);
}

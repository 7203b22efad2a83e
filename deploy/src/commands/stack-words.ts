import { existsSync } from 'node:fs';
import { UsageError } from '../exit-codes';
import type { Session, StackFlags, World } from '../session';
import type { InventoryEntry } from '../stack/inventory';
import type { Stack } from '../stack/stack';
import { stackEntries, targetStack } from './target-stack';

/** A stack, and the words of the command line that name something in it. */
export interface NamedStack {
  readonly stack: Stack;
  /** What it has: by its inventory or, where `berth apply` did not deploy it, by its folder. */
  readonly entries: readonly InventoryEntry[];
  readonly words: readonly string[];
}

/**
 * The stack of a command whose other words name something in it. The first word is the folder, unless `--env` says it; or `--name` with `-n`, and
 * there is no file of that name.
 *
 * @throws UsageError when there is neither an inventory nor a folder
 */
export async function namedStack(words: readonly string[], flags: StackFlags, session: Session, world: World): Promise<NamedStack> {
  const isNamed = flags.env !== undefined || (flags.name !== undefined && flags.namespace !== undefined && !existsSync(words[0] ?? ''));
  const [named, rest] = isNamed ? [undefined, words] : [words[0], words.slice(1)];
  if (named !== undefined && !existsSync(named)) throw new UsageError(`${named} is no folder: name the stack first, by its folder or with --env NAME`);
  const target = await targetStack(named, flags, session, world);
  return { stack: target.stack, entries: await stackEntries(target, session, flags), words: rest };
}

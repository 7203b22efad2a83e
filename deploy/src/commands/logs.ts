import type { StackFlags, World } from '../session';
export async function logsCommand(_words: readonly string[], _flags: StackFlags, _world: World): Promise<void> {}

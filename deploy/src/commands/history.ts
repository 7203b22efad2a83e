import { ageOf } from '../output/age';
import type { Format } from '../output/format';
import { shortened } from '../output/shortened';
import { table } from '../output/table';
import { connect, type StackFlags, type World } from '../session';
import { readRevisions } from '../stack/revisions';
import { targetStack } from './target-stack';

/** `berth history`: a stack's revisions, the newest first. */
export async function historyCommand(named: string | undefined, flags: StackFlags & { readonly output: Format }, world: World): Promise<void> {
  const session = await connect(flags, world);
  const { stack } = await targetStack(named, flags, session, world);
  const revisions = [...(await readRevisions(session.cluster, stack))].reverse();
  session.cluster.connection.close();
  if (flags.output !== 'table')
    return world.output.document(
      flags.output,
      revisions.map(({ objects, hasSecrets: _, ...notes }) => ({ ...notes, ...(objects ? { objects: objects.length } : { message: unreadable }) })),
    );
  if (revisions.length === 0) return world.output.talk(`${stack.namespace}/${stack.name} was never deployed`);
  const rows = revisions.map(({ number, outcome, at, by, git, objects, message }) => [
    String(number),
    outcome,
    ageOf(at),
    by,
    git ?? '-',
    objects === undefined ? '-' : String(objects.length),
    objects === undefined ? unreadable : firstLine(message),
  ]);
  world.output.data(table(['revision', 'outcome', 'age', 'by', 'git', 'objects', 'message'], rows));
}

const unreadable = "its manifests can't be read";

function firstLine(message = ''): string {
  return shortened(message.split('\n')[0]!, 100);
}

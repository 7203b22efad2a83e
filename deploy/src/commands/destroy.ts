import { destroy, destroyWords, planDestroy } from '../apply/destroy';
import { checkCluster } from '../cluster/known-clusters';
import { deploymentTalk } from '../output/deployment-talk';
import type { Format } from '../output/format';
import { nameOf } from '../manifests/kubernetes-object';
import { connect, type World } from '../session';
import { whoAmI } from '../stack/deployer';
import { failing, lockOptions, type WritingFlags } from './apply';
import { confirmed } from './confirmed';
import { targetStack } from './target-stack';

/** Flags of `berth destroy`. */
export interface DestroyFlags extends WritingFlags {
  readonly deleteData?: boolean;
  readonly confirm?: string;
  readonly output: Format;
}

/** `berth destroy`: removes a stack but its data. The stack's name has to be typed, or given with `--confirm`. */
export async function destroyCommand(named: string | undefined, flags: DestroyFlags, world: World): Promise<void> {
  const session = await connect(flags, world);
  const { stack, folder = '.' } = await targetStack(named, flags, session, world);
  const { cluster, target, choices } = session;
  const { output } = world;
  await checkCluster({ cluster, target, stack, folder, choices, isNamed: flags.context !== undefined, env: world.env });
  await failing(world, cluster, async () => {
    const fates = await planDestroy(cluster, stack, flags.deleteData ?? false);
    output.talk(`${stack.namespace}/${stack.name} on ${target.context} (${target.cluster.server})\n\n${destroyWords(fates).join('\n')}\n`);
    const what = flags.deleteData ? 'its data goes too, for good' : 'it stops working';
    await confirmed(stack.name, flags.confirm, what, 'nothing was removed', world);
    const kept = await destroy(cluster, stack, {
      timeoutMs: flags.timeout,
      lock: lockOptions(flags),
      progress: deploymentTalk(output),
      signal: world.signal,
      by: () => whoAmI(cluster),
      ...(flags.deleteData && { deleteData: true }),
    });
    const names = kept.map(({ reference }) => nameOf(reference));
    if (flags.output !== 'table') return output.document(flags.output, { stack: stack.name, namespace: stack.namespace, kept: names });
    output.data(names.length === 0 ? `${stack.namespace}/${stack.name} is gone` : `${stack.namespace}/${stack.name} is gone but for ${names.join(', ')}`);
  });
}

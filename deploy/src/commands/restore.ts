import { planRestore, restore } from '../backup/restore';
import { checkCluster } from '../cluster/known-clusters';
import { nameOf } from '../manifests/kubernetes-object';
import { deploymentTalk } from '../output/deployment-talk';
import type { Format } from '../output/format';
import { connect, type World } from '../session';
import { failing, lockOptions, type WritingFlags } from './apply';
import { confirmed } from './confirmed';
import { targetStack } from './target-stack';

/** Flags of `berth restore`. */
export interface RestoreFlags extends WritingFlags {
  readonly from: string;
  readonly service?: readonly string[];
  readonly overwrite?: boolean;
  readonly confirm?: string;
  readonly anyStack?: boolean;
  readonly output: Format;
}

/** `berth restore`: puts the data of a backup in the place of those that are served. Over data only with `--overwrite` and the stack's name. */
export async function restoreCommand(named: string | undefined, flags: RestoreFlags, world: World): Promise<void> {
  const session = await connect(flags, world);
  const { stack, folder = '.' } = await targetStack(named, flags, session, world);
  const { cluster, target, choices } = session;
  await checkCluster({ cluster, target, stack, folder, choices, isNamed: flags.context !== undefined, env: world.env });
  await failing(world, cluster, async () => {
    const plan = await planRestore(cluster, stack, flags.from, { services: flags.service, isAnyStack: flags.anyStack ?? false });
    const { archive, replacements } = plan;
    world.output.talk(`${stack.namespace}/${stack.name} on ${target.context} (${target.cluster.server})`);
    world.output.talk(`the backup of ${archive.namespace}/${archive.stack} that began ${archive.startedAt}\n`);
    if (flags.overwrite) await confirmed(stack.name, flags.confirm, 'the data that are there are lost', 'nothing was changed', world);
    await restore(cluster, stack, plan, {
      timeoutMs: flags.timeout,
      lock: lockOptions(flags),
      progress: deploymentTalk(world.output),
      signal: world.signal,
      overwrite: flags.overwrite ?? false,
    });
    const restored = replacements.map(({ store: { reference }, archived: { schema, tables } }) => ({ object: nameOf(reference), schema, tables }));
    if (flags.output !== 'table')
      return world.output.document(flags.output, { stack: stack.name, namespace: stack.namespace, from: archive.startedAt, restored });
    world.output.data(`${stack.namespace}/${stack.name} serves its data of ${archive.startedAt}, and all of it is ready`);
  });
}

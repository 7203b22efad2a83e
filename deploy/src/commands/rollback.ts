import { apply } from '../apply/apply';
import { rollbackTarget } from '../apply/rollback';
import { checkCluster } from '../cluster/known-clusters';
import { deploymentTalk } from '../output/deployment-talk';
import { planningFlags } from '../plan/saved-plan';
import { connect, type World } from '../session';
import { whoAmI } from '../stack/deployer';
import { type ApplyFlags, failing, lockOptions, tellApplied } from './apply';
import { targetStack } from './target-stack';

/** Flags of `berth rollback`. */
export interface RollbackFlags extends Omit<ApplyFlags, 'rollbackOnFailure' | 'replaceAll'> {
  readonly to?: number;
}

/** `berth rollback`: applies the manifests of an earlier revision, as a deployment of its own. */
export async function rollbackCommand(named: string | undefined, flags: RollbackFlags, world: World): Promise<void> {
  const session = await connect(flags, world);
  const { stack, folder = '.' } = await targetStack(named, flags, session, world);
  const { cluster, target, choices } = session;
  await checkCluster({ cluster, target, stack, folder, choices, isNamed: flags.context !== undefined, env: world.env });
  const { revision, objects } = await rollbackTarget(cluster, stack, flags.to);
  for (const { object } of objects) world.output.hide(object);
  world.output.talk(`${stack.namespace}/${stack.name} on ${target.context} (${target.cluster.server}), back to revision ${revision.number}\n`);
  await failing(world, cluster, async () => {
    const applied = await apply(cluster, stack, objects, {
      timeoutMs: flags.timeout,
      lock: lockOptions(flags),
      progress: deploymentTalk(world.output),
      signal: world.signal,
      ...planningFlags(flags),
      replaceAll: true,
      lacksSecrets: true,
      hidden: (text) => world.output.hidden(text),
      notes: async () => ({
        by: await whoAmI(cluster),
        ...(revision.git === undefined ? {} : { git: revision.git }),
        message: `rolled back to revision ${revision.number}`,
      }),
    });
    tellApplied(applied, flags, world);
  });
}

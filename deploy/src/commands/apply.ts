import { apply, type Applied, type ApplyOptions, Unready, Unwritten } from '../apply/apply';
import { rollbackTarget } from '../apply/rollback';
import { ApiError } from '../cluster/api-error';
import type { Cluster } from '../cluster/cluster';
import { checkCluster, rememberCluster } from '../cluster/known-clusters';
import { CommandError } from '../exit-codes';
import { deploymentTalk } from '../output/deployment-talk';
import type { Format } from '../output/format';
import { unreadyText } from '../output/unready-text';
import type { Plan } from '../plan/plan';
import { summaryOf } from '../plan/plan-summary';
import { deadWebhookWords } from '../plan/webhooks';
import { checkSaved, planningFlags, readPlan } from '../plan/saved-plan';
import { connect, prepareStack, readStack, type StackFlags, type World } from '../session';
import { deployer, whoAmI } from '../stack/deployer';
import type { LockOptions } from '../stack/lock';
import type { Stack } from '../stack/stack';
import { folderOf } from './folder';

/** Flags of every command that writes. Durations in milliseconds. */
export interface WritingFlags extends StackFlags {
  readonly timeout: number;
  readonly lockTimeout: number;
  readonly lockLease: number;
}

/** Flags of `berth apply`. */
export interface ApplyFlags extends WritingFlags {
  readonly forceConflicts?: boolean;
  readonly pruneData?: readonly string[];
  readonly replaceAll?: boolean;
  readonly rollbackOnFailure?: boolean;
  /** A file that `berth plan --save` wrote. */
  readonly plan?: string;
  readonly output: Format;
}

/** `berth apply`: makes the cluster what the manifests say, and waits until it is. */
export async function applyCommand(named: string | undefined, flags: ApplyFlags, world: World): Promise<void> {
  const folder = folderOf(named, flags.env);
  const session = await connect(flags, world);
  const local = await readStack(folder, flags, session, world);
  const { stack } = local;
  const { cluster, target, choices } = session;
  // asked side by side, but the wrong cluster is told first
  const preparing = prepareStack(local, session, flags);
  preparing.catch(() => undefined);
  const uid = await checkCluster({ cluster, target, stack, folder, choices, isNamed: flags.context !== undefined, env: world.env });
  const saved = flags.plan === undefined ? undefined : readPlan(flags.plan);
  const objects = await preparing;
  world.output.talk(`${stack.namespace}/${stack.name} on ${target.context} (${target.cluster.server})\n`);
  const hidden = (text: string) => world.output.hidden(text);
  const options: ApplyOptions = {
    timeoutMs: flags.timeout,
    lock: lockOptions(flags),
    progress: deploymentTalk(world.output),
    signal: world.signal,
    notes: () => deployer(cluster, folder),
    hidden,
    ...(saved && { agree: (plan: Plan) => checkSaved(saved, plan, uid, hidden) }),
    ...planningFlags(saved?.flags ?? flags),
  };
  await failing(world, cluster, async () => {
    try {
      tellApplied(await apply(cluster, stack, objects, options), flags, world);
    } catch (error) {
      const isRelease = error instanceof Unwritten || (error instanceof Unready && error.hasWritten);
      if (isRelease && flags.rollbackOnFailure) await rollBack(error, cluster, stack, options, world);
      throw error;
    } finally {
      rememberCluster(folder, uid, target.context, world.env);
    }
  });
}

/** Ends a deployment that failed as the last one that was healthy. @throws CommandError always, with the fault's exit code: the release that was asked for is not there */
async function rollBack(error: Unready | Unwritten, cluster: Cluster, stack: Stack, options: ApplyOptions, { output }: World): Promise<never> {
  if (error instanceof Unready) output.talk(unreadyText(error.unready, output));
  output.talk(`${output.styled('red', error instanceof Unready ? 'not healthy:' : 'failed:')} ${error.message}\n`);
  const { revision, objects } = await rollbackTarget(cluster, stack, undefined).catch((fault: unknown) => {
    throw new CommandError(`${error.message}\nand it could not be rolled back: ${(fault as CommandError).message}`, error.exitCode);
  });
  for (const { object } of objects) output.hide(object);
  output.talk(`rolling back to revision ${revision.number}\n`);
  const back = apply(cluster, stack, objects, {
    ...options,
    replaceAll: true,
    lacksSecrets: true,
    notes: async () => ({
      by: await whoAmI(cluster),
      ...(revision.git === undefined ? {} : { git: revision.git }),
      message: `rolled back to revision ${revision.number}, because the next ${error instanceof Unready ? 'was not healthy' : 'could not be applied'}`,
    }),
  });
  await back.catch((fault: unknown) => {
    if (!(fault instanceof CommandError)) throw fault;
    if (fault instanceof Unready) output.talk(unreadyText(fault.unready, output));
    throw new CommandError(`${error.message}\nand it could not be rolled back to revision ${revision.number}: ${fault.message}`, error.exitCode);
  });
  throw new CommandError(`${error.message}\nso it was rolled back: revision ${revision.number} is deployed again, and all of it is ready`, error.exitCode);
}

/** How a command takes the lock. A lease is a whole number of seconds, by a clock of whole seconds. */
export function lockOptions({ lockTimeout, lockLease }: Pick<WritingFlags, 'lockTimeout' | 'lockLease'>): LockOptions {
  return { waitMs: lockTimeout, seconds: Math.max(2, Math.round(lockLease / 1000)) };
}

/** Says why what is not ready is not, and what brings a webhook back, whatever happens, and ends the connections. */
export async function failing(world: World, cluster: Cluster, body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } catch (error) {
    if (error instanceof Unready) world.output.talk(unreadyText(error.unready, world.output));
    throw error instanceof ApiError && error.isWebhookDown ? new CommandError(deadWebhookWords(error), error.exitCode, { cause: error }) : error;
  } finally {
    cluster.connection.close();
  }
}

/** Says how a deployment ended. */
export function tellApplied({ plan, changed, revision }: Applied, { output: format }: Pick<ApplyFlags, 'output'>, { output }: World): void {
  const name = `${plan.stack.namespace}/${plan.stack.name}`;
  if (format === 'table')
    return output.data(
      changed ? `${name} is revision ${revision}, and all of it is ready` : `${name} is unchanged, at revision ${revision}, and all of it is ready`,
    );
  output.document(format, { ...summaryOf(plan), changed, revision, outcome: 'healthy' });
}

import { planStack } from '../apply/apply';
import { clusterUid } from '../cluster/known-clusters';
import { exitCodes, type ExitCode } from '../exit-codes';
import type { Format } from '../output/format';
import { planText } from '../output/plan-text';
import { isEmpty } from '../plan/plan';
import { planningFlags, savedPlan, writePlan } from '../plan/saved-plan';
import { summaryOf } from '../plan/plan-summary';
import { connect, prepareStack, readStack, type StackFlags, type World } from '../session';
import { folderOf } from './folder';

/** Flags of `berth plan`. */
export interface PlanFlags extends StackFlags {
  readonly exitCode?: boolean;
  readonly save?: string;
  readonly forceConflicts?: boolean;
  readonly pruneData?: readonly string[];
  readonly replaceAll?: boolean;
  readonly output: Format;
}

/** `berth plan`: what apply would do. Writes nothing. */
export async function planCommand(named: string | undefined, flags: PlanFlags, world: World): Promise<ExitCode> {
  const folder = folderOf(named, flags.env);
  const session = await connect(flags, world);
  const local = await readStack(folder, flags, session, world);
  const objects = await prepareStack(local, session, flags);
  const { plan } = await planStack(session.cluster, local.stack, objects, planningFlags(flags));
  if (flags.save !== undefined)
    writePlan(
      flags.save,
      savedPlan(plan, await clusterUid(session.cluster), planningFlags(flags), (text) => world.output.hidden(text)),
    );
  session.cluster.connection.close();
  if (flags.output === 'table') {
    world.output.talk(`${plan.stack.namespace}/${plan.stack.name} on ${session.target.context} (${session.target.cluster.server})\n`);
    world.output.data(planText(plan, world.output, 'data'));
  } else world.output.document(flags.output, summaryOf(plan));
  return flags.exitCode && !isEmpty(plan) ? exitCodes.changes : exitCodes.done;
}

import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes, type ExitCode, UsageError } from '../exit-codes';
import { nameOf } from '../manifests/kubernetes-object';
import { ageOf } from '../output/age';
import { dataText, type Format } from '../output/format';
import { table } from '../output/table';
import { type Overview, overviewOf } from '../readiness/overview';
import { connect, type Session, type StackFlags, type World } from '../session';
import { readInventory } from '../stack/inventory';
import { readRevisions, type Revision } from '../stack/revisions';
import type { Stack } from '../stack/stack';
import { targetStack } from './target-stack';

/** Flags of `berth status`. */
export interface StatusFlags extends StackFlags {
  readonly watch?: boolean;
  readonly output: Format;
}

/** Milliseconds between two looks of `--watch`. */
const watchMs = 2_000;

/** `berth status`: how a stack stands. Exit code 4 when something of it is not ready. */
export async function statusCommand(named: string | undefined, flags: StatusFlags, world: World): Promise<ExitCode> {
  const session = await connect(flags, world);
  const { stack } = await targetStack(named, flags, session, world);
  try {
    for (let last = ''; ;) {
      const { text, isHealthy } = await look(stack, session, flags, world);
      // a terminal shows the newest, a pipe gets each that differs
      if (flags.watch && world.output.isTerminal) world.output.shown(`\u001b[H\u001b[2J${text}`);
      else if (text !== last) world.output.shown(text);
      last = text;
      if (!flags.watch || world.signal.aborted) return isHealthy ? exitCodes.done : exitCodes.notHealthy;
      await sleep(watchMs, undefined, { signal: world.signal }).catch(() => undefined);
    }
  } finally {
    session.cluster.connection.close();
  }
}

async function look(
  stack: Stack,
  { cluster }: Session,
  { output: format }: StatusFlags,
  { output }: World,
): Promise<{ readonly text: string; readonly isHealthy: boolean }> {
  const [inventory, revisions] = await Promise.all([readInventory(cluster, stack), readRevisions(cluster, stack)]);
  if (inventory === undefined) throw new UsageError(`${stack.namespace}/${stack.name} is not deployed here: berth apply deploys it`);
  const overviews = await overviewOf(cluster, inventory.entries);
  const unready = overviews.filter(({ readiness }) => readiness.state !== 'Current');
  const isHealthy = unready.every(isClaimWithoutPod);
  const last = revisions.at(-1);
  if (format === 'table') return { text: output.hidden(`${headline(stack, last, output)}\n\n${rows(overviews)}`), isHealthy };
  const { objects: _, hasSecrets: _secrets, ...revision } = last ?? {};
  const value = { stack: stack.name, namespace: stack.namespace, healthy: isHealthy, revision, objects: overviews.map(plain) };
  return { text: dataText(format, value, (text) => output.hidden(text)), isHealthy };
}

/** A claim may wait for its first pod; whether that waits for the claim, the pod says. */
function isClaimWithoutPod({ reference, readiness }: Overview): boolean {
  return reference.kind === 'PersistentVolumeClaim' && readiness.state === 'InProgress';
}

function plain({ reference, readiness, ...rest }: Overview): object {
  return { object: nameOf(reference), state: readiness.state, ...rest };
}

function headline({ namespace, name }: Stack, last: Revision | undefined, output: World['output']): string {
  const title = output.styled('bold', `${namespace}/${name}`, 'data');
  if (last === undefined) return `${title}: no deployment of it has ended`;
  return `${title}: revision ${last.number}, ${last.outcome}, ${ageOf(last.at)} ago, by ${last.by}${last.git === undefined ? '' : `, of ${last.git}`}`;
}

/** Workloads and what has an address, and whatever is not as it should be. */
function rows(overviews: readonly Overview[]): string {
  const shown = overviews.filter(({ pods, endpoints, readiness }) => pods !== undefined || endpoints !== undefined || readiness.state !== 'Current');
  const lines = shown.map(({ reference, readiness, since, pods, rollout, endpoints, problem }) => [
    `${reference.kind}/${reference.name}`,
    readiness.state,
    pods === undefined ? '-' : `${pods.ready}/${pods.wanted}`,
    pods === undefined ? '-' : String(pods.restarts),
    rollout ?? '-',
    endpoints === undefined ? '-' : String(endpoints),
    ageOf(since),
    problem ?? '',
  ]);
  const others = overviews.length - shown.length;
  return [
    table(['object', 'state', 'ready', 'restarts', 'rollout', 'endpoints', 'age', 'problem'], lines),
    ...(others > 0 ? [`and ${others} more, all as they should be`] : []),
  ].join('\n');
}

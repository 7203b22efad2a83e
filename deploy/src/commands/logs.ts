import { setMaxListeners } from 'node:events';
import type { Cluster } from '../cluster/cluster';
import { UsageError } from '../exit-codes';
import { followPods } from '../logs/follow-pods';
import { secondOf } from '../logs/log-line';
import { type LogFormat, LogView } from '../logs/log-view';
import { showLogsUntilNow } from '../logs/logs-until-now';
import { stackPods } from '../logs/stack-pods';
import { connect, type StackFlags, type World } from '../session';
import { namedStack } from './stack-words';

/** Flags of `berth logs`. */
export interface LogsFlags extends StackFlags {
  readonly follow?: boolean;
  /** Milliseconds. */
  readonly since?: number;
  readonly tail?: number;
  readonly previous?: boolean;
  readonly output: LogFormat;
}

/** `berth logs`: the logs of a stack, or of some workloads of it, as one. */
export async function logsCommand(words: readonly string[], flags: LogsFlags, world: World): Promise<void> {
  const { output } = world;
  const { follow, previous, tail } = flags;
  if (follow && previous) throw new UsageError('--previous shows runs that have ended, so there is nothing to --follow: leave one of them out');
  const session = await connect(flags, world);
  const { cluster } = session;
  const until = AbortSignal.any([world.signal, output.isUnread]);
  // each container that is followed waits for it
  setMaxListeners(0, until);
  try {
    const { stack, entries, words: names } = await namedStack(words, flags, session, world);
    const pods = stackPods(cluster, entries, names, `${stack.namespace}/${stack.name}`);
    const view = new LogView(output, flags.output);
    const since = flags.since === undefined ? undefined : await secondsAgo(cluster, flags.since);
    const found = await pods.list();
    const onFault = (sentence: string) => output.talk(sentence);
    if (found.length === 0) output.talk(`${names.length === 0 ? `${stack.namespace}/${stack.name}` : names.join(', ')} has no pods now: berth status says why`);
    const shown = await showLogsUntilNow(cluster.connection.streams, found, { follow, previous, since, tail }, view, onFault, until);
    if (previous && shown.size === 0 && found.length > 0) output.talk('no container of it was restarted, so there is no run before the present one');
    if (follow) await followPods(cluster.connection.streams, { pods, shown, view, onFault }, until);
  } catch (error) {
    // what breaks off because nobody reads any more is no fault
    if (!until.aborted) throw error;
  } finally {
    cluster.connection.close();
  }
}

/** By the server's clock, in which the logs are written or nearly so. */
async function secondsAgo({ connection }: Cluster, ms: number): Promise<string> {
  const { serverTime } = await connection.call({ method: 'GET', path: '/version' });
  return secondOf(new Date(serverTime - ms).toISOString());
}

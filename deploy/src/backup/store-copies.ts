import type { Cluster } from '../cluster/cluster';
import { containerPlace } from './command-place';
import type { ReceivedCopy } from './copy-stream';
import { makeHelperPod } from './helper-pod';
import { copyPostgres, postgresRestore } from './postgres-copies';
import type { Restoring } from './restoring';
import { copySqlite, sqliteRestore } from './sqlite-copies';
import type { ReachableStore } from './store';
import { servingContainer, serverContainer } from './store-pods';

/** Takes a copy of a store while it is served: all that was acknowledged before is in it. */
export async function takeCopy(cluster: Cluster, store: ReachableStore, path: string, signal: AbortSignal): Promise<ReceivedCopy> {
  if (store.kind === 'sqlite') return copySqlite(containerPlace(cluster, await servingContainer(cluster, store)), store, path, signal);
  return copyPostgres(containerPlace(cluster, await serverContainer(cluster, store)), store, path, signal);
}

/**
 * Prepares for replacing a store.
 *
 * @param guarded - the cluster while nobody has stopped the command
 * @param deadline - when everything must be there, by `performance.now()`
 */
export async function beginRestore(cluster: Cluster, guarded: Cluster, store: ReachableStore, deadline: number, signal: AbortSignal): Promise<Restoring> {
  const tools = { signal, checkMayWrite: () => guarded.checkMayWrite() };
  if (store.kind === 'postgres') return postgresRestore(store, { ...tools, place: containerPlace(cluster, await serverContainer(cluster, store)) });
  // removed whatever happens, hence not with the guarded one
  const helper = await makeHelperPod(cluster, store, deadline, signal);
  const restoring = sqliteRestore(store, { ...tools, place: containerPlace(cluster, helper.where) });
  return { ...restoring, cleanUp: () => restoring.cleanUp().finally(() => helper.remove()) };
}

import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../cluster/api-error';
import type { Cluster, Location } from '../cluster/cluster';
import { NotHealthy } from '../exit-codes';
import { jsonPatch } from '../manifests/json-patch';
import { type FieldSet, type KubernetesObject, nameOf } from '../manifests/kubernetes-object';
import { inOrderOf } from '../plan/list-order';
import { handOverManager, hasDeployer, takenOver } from '../plan/managed-fields';
import type { PlannedObject } from '../plan/plan';
import { throwIfStopped } from '../stopped';

/** Writes one object of a plan. @throws ApiError; NotHealthy when a deadline passes */
export async function writeObject(cluster: Cluster, planned: PlannedObject, deadline: number): Promise<void> {
  const { location, object, action, live, claims, handsOver, force } = planned;
  if (action === 'replace') await remove(cluster, planned, deadline);
  else if (live !== undefined && (claims !== undefined || hasDeployer(live))) await patiently(planned, deadline, () => takeOver(cluster, location, claims));
  if (handsOver !== undefined) await patiently(planned, deadline, () => handOver(cluster, planned, handsOver));
  await patiently(planned, deadline, async () => {
    const written = await cluster.apply(location, object, { force });
    await reorder(cluster, planned, written);
  });
}

/** What the server's merge leaves of an order. Whoever changes the object meanwhile makes it fail, and be tried again. */
async function reorder(cluster: Cluster, { location, object }: PlannedObject, written: KubernetesObject): Promise<void> {
  let live: KubernetesObject | undefined = written;
  for (let attempt = 1; live !== undefined; attempt++) {
    const operations = jsonPatch(live, inOrderOf(object, live));
    if (operations.length === 0) return;
    try {
      await cluster.patch(location, [{ op: 'test', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion }, ...operations]);
      return;
    } catch (error) {
      if (!isRace(error) || attempt === 5) throw error;
      live = await cluster.get(location);
    }
  }
}

function isRace(error: unknown): boolean {
  return error instanceof ApiError && (error.code === 409 || error.code === 422);
}

/** What kubectl deployed becomes Berth's, and what is claimed. The account is read anew: it may have changed since the plan. */
async function takeOver(cluster: Cluster, location: Location, claims?: FieldSet): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const live = await cluster.get(location);
    const account = live && takenOver(live, claims);
    if (account === undefined) return;
    try {
      // the version makes it fail when somebody else changes the object meanwhile
      await cluster.patch(location, [
        { op: 'test', path: '/metadata/resourceVersion', value: live!.metadata.resourceVersion },
        { op: 'replace', path: '/metadata/managedFields', value: account },
      ]);
      return;
    } catch (error) {
      if (!isRace(error) || attempt === 5) throw error;
    }
  }
}

/** The number of replicas gets an owner of its own, so that it stays when the manifest no longer says it. */
async function handOver(cluster: Cluster, { location, object }: PlannedObject, replicas: number): Promise<void> {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace } = metadata;
  await cluster.apply(location, { apiVersion, kind, metadata: { name, namespace }, spec: { replicas } }, { manager: handOverManager, force: true });
}

async function remove(cluster: Cluster, planned: PlannedObject, deadline: number): Promise<void> {
  const { location, live, reference } = planned;
  const { uid } = live!.metadata;
  if (live!.metadata.deletionTimestamp === undefined) await patiently(planned, deadline, () => cluster.delete(location, uid!));
  await untilGone(cluster, location, uid!, deadline, (left) => `${nameOf(reference)} is to be made anew and ${left}`);
}

/** Waits until an object is gone, or another one has its name. @throws NotHealthy with what keeps it; CommandError when it should end before */
export async function untilGone(
  cluster: Pick<Cluster, 'get' | 'stop'>,
  location: Location,
  uid: string,
  deadline: number,
  sentence: (left: string) => string,
): Promise<void> {
  for (let pauseMs = 50; ; pauseMs = Math.min(1_000, pauseMs * 2)) {
    const live = await cluster.get(location);
    if (live?.metadata.uid !== uid) return;
    throwIfStopped(cluster.stop);
    if (performance.now() >= deadline) throw new NotHealthy(sentence(whatKeeps(live)));
    await sleep(pauseMs, undefined, { ...(cluster.stop && { signal: cluster.stop }) }).catch(() => undefined);
  }
}

function whatKeeps({ metadata: { finalizers = [], deletionTimestamp } }: KubernetesObject): string {
  const since = deletionTimestamp === undefined ? '' : ` since ${deletionTimestamp}`;
  return finalizers.length > 0 ? `is being deleted${since}, waiting on its finalizers: ${finalizers.join(', ')}` : `is being deleted${since}`;
}

/** Milliseconds between tries while something that looks at every write isn't up yet. */
const patienceMs = 1_000;

/** A webhook whose pods start, a kind that is not served yet and a namespace that is not seen yet are waited for. */
async function patiently(planned: PlannedObject, deadline: number, write: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await write();
      return;
    } catch (error) {
      const isPassing = error instanceof ApiError && (error.isWebhookDown || (!planned.verified && error.isNotFound));
      if (!isPassing || performance.now() + patienceMs >= deadline) throw error;
      await sleep(patienceMs);
    }
  }
}

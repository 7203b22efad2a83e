import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../cluster/api-error';
import type { Cluster } from '../cluster/cluster';
import { CommandError, Refused } from '../exit-codes';
import { throwIfStopped } from '../stopped';
import { accountName, lockLocation } from './account';
import type { Stack } from './stack';

/** How a lock is held and waited for. */
export interface LockOptions {
  /** Seconds after which a holder that says nothing is taken for dead. @default 30 */
  readonly seconds?: number;
  /** Milliseconds to wait while somebody else holds it. @default 35000: longer than a dead holder's lock lasts */
  readonly waitMs?: number;
  /** How it was seen: then it is tried for as it was. */
  readonly seen?: SeenLock;
  /** Aborted when it is not wanted any more: then it is neither waited for nor taken. */
  readonly signal?: AbortSignal;
  /** Told once, when it has to be waited for. */
  onWait?(sentence: string): void;
}

/** A lock that is held. */
export interface Lock {
  /** @throws CommandError when it may be somebody else's by now: call before each write */
  check(): void;
  /** Aborted, with a CommandError, as soon as it is seen to be somebody else's: what waits needs no longer. */
  readonly lost: AbortSignal;
  /** Whether nobody held it, or had it, since it was seen. */
  readonly isUntouched: boolean;
  /** Gives it back; never throws, because it ends by itself. */
  release(): Promise<void>;
}

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/ */
interface Lease {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec: { readonly holderIdentity?: string; readonly leaseDurationSeconds?: number; readonly renewTime?: string; readonly leaseTransitions?: number };
}

/** A lock at one moment. Who sees it, looks at the stack and then takes it untouched knows that no other run has changed the stack since. */
export interface SeenLock {
  readonly lease: Lease | undefined;
  /** The server's clock, in milliseconds since 1970: between the two times of this process's. */
  readonly serverTime: number;
  readonly asked: number;
  readonly answered: number;
}

/** A holder stops writing when it could not renew for this part of the lease: before anybody may take it over. */
const safePart = 0.7;

/**
 * Takes a stack's lock: a Lease that is renewed while it is held, so that a holder that dies leaves it free by itself. Times are the API server's.
 *
 * @throws Refused when somebody else holds it to the end of the wait
 * @throws CommandError when it should end before
 */
export async function acquireLock(cluster: Cluster, stack: Stack, options: LockOptions = {}): Promise<Lock> {
  const { seconds = 30, waitMs = 35_000, onWait, seen, signal } = options;
  throwIfStopped(signal);
  const identity = `${nameOfUser()}@${hostname()}/${randomUUID()}`;
  const deadline = performance.now() + waitMs;
  if (seen !== undefined && (seen.lease?.spec.holderIdentity ?? '') === '') {
    const taken = await tryTake(cluster, stack, identity, seconds, seen);
    if ('heldSince' in taken) return hold(cluster, stack, identity, taken, true);
  }
  for (let told = false; ;) {
    const taken = await tryTake(cluster, stack, identity, seconds, await seeLock(cluster, stack));
    if ('heldSince' in taken) return hold(cluster, stack, identity, taken, false);
    const who = `${taken.holder.split('/')[0]} deploys ${stack.namespace}/${stack.name}`;
    if (performance.now() >= deadline) throw new Refused(`${who} and renewed the lock ${ago(taken.renewedMsAgo)}: try again when that is done`);
    if (!told) onWait?.(`${who}, or did until ${ago(taken.renewedMsAgo)}: waiting; its lock is free ${seconds} s after its last sign`);
    told = true;
    await sleep(Math.max(50, Math.min(500, seconds * 50)), undefined, { signal }).catch(() => undefined);
    throwIfStopped(signal);
  }
}

/** The name that the machine knows the user by. */
export function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

interface Taken {
  readonly heldSince: number;
  readonly lease: Lease;
}

type Attempt = Taken | { readonly holder: string; readonly renewedMsAgo: number };

async function tryTake(cluster: Cluster, stack: Stack, identity: string, seconds: number, { lease, ...seen }: SeenLock): Promise<Attempt> {
  const now = performance.now();
  const serverTime = seen.serverTime + now - seen.answered;
  // no later than what the lease will say, so that its holder stops first
  const heldSince = now - (seen.answered - seen.asked);
  const spec = { holderIdentity: identity, leaseDurationSeconds: seconds, acquireTime: microTime(serverTime), renewTime: microTime(serverTime) };
  try {
    if (lease === undefined) {
      return { heldSince, lease: (await cluster.create(lockLocation(stack), leaseObject(stack, { ...spec, leaseTransitions: 0 }))) as unknown as Lease };
    }
    const { holderIdentity = '', renewTime = '', leaseDurationSeconds = seconds, leaseTransitions = 0 } = lease.spec;
    const renewedMsAgo = serverTime - (Date.parse(renewTime) || 0);
    if (holderIdentity !== '' && renewedMsAgo <= leaseDurationSeconds * 1000) return { holder: holderIdentity, renewedMsAgo };
    return { heldSince, lease: await rewrite(cluster, stack, lease, { ...spec, leaseTransitions: leaseTransitions + 1 }) };
  } catch (error) {
    // somebody was faster
    if (error instanceof ApiError && error.code === 409) return { holder: 'somebody', renewedMsAgo: 0 };
    throw error;
  }
}

/** Looks at a stack's lock. */
export async function seeLock(cluster: Cluster, stack: Stack): Promise<SeenLock> {
  const { namespace, name } = lockLocation(stack);
  const asked = performance.now();
  try {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`;
    const { body, serverTime } = await cluster.connection.call<Lease>({ method: 'GET', path });
    return { lease: body, serverTime, asked, answered: performance.now() };
  } catch (error) {
    if (!(error instanceof ApiError && error.isNotFound)) throw error;
    return { lease: undefined, serverTime: error.serverTime, asked, answered: performance.now() };
  }
}

function leaseObject(stack: Stack, spec: object, resourceVersion?: string): object {
  const metadata = { name: accountName(stack), namespace: stack.namespace, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
}

function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}

function ago(ms: number): string {
  return ms < 1500 ? 'just now' : `${Math.round(ms / 1000)} s ago`;
}

/** Renews it every third of its time until it is given back. */
function hold(cluster: Cluster, stack: Stack, identity: string, { heldSince, ...taken }: Taken, isUntouched: boolean): Lock {
  const leaseMs = taken.lease.spec.leaseDurationSeconds! * 1000;
  const lost = new AbortController();
  let [lease, renewedAt, isOurs] = [taken.lease, heldSince, true];
  const renew = async () => {
    const asked = performance.now();
    try {
      const found = await seeOwn(cluster, stack, identity);
      isOurs = typeof found !== 'string';
      if (typeof found !== 'string') lease = await rewrite(cluster, stack, found.lease, { ...found.lease.spec, renewTime: microTime(found.serverTime) });
      renewedAt = asked;
      if (found === 'taken') lost.abort(new CommandError(takenWords(stack)));
    } catch {
      // the next one may succeed; check() knows for how long it may fail
    }
  };
  let renewal = Promise.resolve();
  const timer = setInterval(() => void (renewal = renew()), leaseMs / 3);
  timer.unref();
  return {
    isUntouched,
    lost: lost.signal,
    check() {
      if (lost.signal.aborted) throw lost.signal.reason as CommandError;
      if (!isOurs || performance.now() - renewedAt > leaseMs * safePart)
        throw new CommandError(`the lock of ${stack.namespace}/${stack.name} could not be renewed, so somebody else may deploy by now: run the command again`);
    },
    async release() {
      clearInterval(timer);
      await renewal;
      if (isOurs) await giveBack(cluster, stack, identity, lease).catch(() => undefined);
    },
  };
}

/** @param lease - as it was written last: somebody may have put a label on it since */
async function giveBack(cluster: Cluster, stack: Stack, identity: string, lease: Lease): Promise<void> {
  const free = (held: Lease) => rewrite(cluster, stack, held, { ...held.spec, holderIdentity: '' });
  try {
    await free(lease);
  } catch {
    const found = await seeOwn(cluster, stack, identity);
    if (typeof found !== 'string') await free(found.lease);
  }
}

function takenWords({ namespace, name }: Stack): string {
  return `somebody else took the lock of ${namespace}/${name}, because it was not renewed in time: this run has stopped; look at berth history, and run it again when that one is done`;
}

/** The lease while it is this one's; else whose it is: it is gone with its namespace. */
async function seeOwn(cluster: Cluster, stack: Stack, identity: string): Promise<{ readonly lease: Lease; readonly serverTime: number } | 'taken' | 'gone'> {
  const { lease, serverTime } = await seeLock(cluster, stack);
  if (lease === undefined) return 'gone';
  return lease.spec.holderIdentity === identity ? { lease, serverTime } : 'taken';
}

/** @returns the lease as it is then @throws ApiError `Conflict` when somebody has written it since it was seen */
async function rewrite(cluster: Cluster, stack: Stack, { metadata: { resourceVersion } }: Lease, spec: Lease['spec']): Promise<Lease> {
  return (await cluster.replace(lockLocation(stack), leaseObject(stack, spec, resourceVersion))) as unknown as Lease;
}

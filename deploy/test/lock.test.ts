import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../src/cluster/cluster';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';
import { lockLocation } from '../src/stack/account';
import { acquireLock, seeLock } from '../src/stack/lock';
import { readInventory } from '../src/stack/inventory';
import { auditSince } from '../testing/audit';
import { applyObjects } from '../testing/in-process';
import { describeWithControlPlane } from '../testing/use-control-plane';

const configMap = (name: string, word: string): KubernetesObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { word } });

describeWithControlPlane('a lock that was seen free', (at) => {
  const stackIn = async () => ({ name: 'shop', namespace: await at().namespace() });
  const options = { seconds: 2, waitMs: 5_000 };

  it('is untouched when nobody took it since, whether it was there or not', async () => {
    const [cluster, stack] = [at().plane.connect(), await stackIn()];
    for (let i = 0; i < 2; i++) {
      const lock = await acquireLock(cluster, stack, { ...options, seen: await seeLock(cluster, stack) });
      expect(lock.isUntouched).toBe(true);
      lock.check();
      await lock.release();
    }
  });

  it('is touched when somebody had it in between, or has it still', async () => {
    const [cluster, stack] = [at().plane.connect(), await stackIn()];
    for (let i = 0; i < 2; i++) {
      const seen = await seeLock(cluster, stack);
      await (await acquireLock(cluster, stack, options)).release();
      const lock = await acquireLock(cluster, stack, { ...options, seen });
      expect(lock.isUntouched).toBe(false);
      await lock.release();
    }
    const other = await acquireLock(cluster, stack, options);
    const seen = await seeLock(cluster, stack);
    const [mine] = await Promise.all([acquireLock(cluster, stack, { ...options, seen }), other.release()]);
    expect(mine.isUntouched).toBe(false);
    await mine.release();
  });

  it('is given back by one request, and all the same where somebody has changed it since', async () => {
    const [cluster, stack] = [at().plane.connect(), await stackIn()];
    const holder = async () => (await seeLock(cluster, stack)).lease?.spec.holderIdentity;
    const lock = await acquireLock(cluster, stack, options);
    const since = await auditSince(at().plane.auditLog);
    await lock.release();
    const asked = (await since()).filter(({ uri }) => uri.includes(`${stack.namespace}/leases/`));
    expect([asked.map(({ verb }) => verb), await holder()]).toEqual([['update'], '']);
    const labelled = await acquireLock(cluster, stack, options);
    await cluster.patch(lockLocation(stack), [{ op: 'add', path: '/metadata/labels', value: { seen: 'yes' } }]);
    expect(await holder()).not.toBe('');
    await labelled.release();
    expect(await holder()).toBe('');
  });

  it('is waited for no longer, and not taken, when it is stopped', async () => {
    const [cluster, stack] = [at().plane.connect(), await stackIn()];
    const other = await acquireLock(cluster, stack, { ...options, seconds: 30 });
    const stop = new AbortController();
    const waits = acquireLock(cluster, stack, { ...options, seconds: 30, waitMs: 20_000, signal: stop.signal, onWait: () => void stop.abort() });
    const since = await auditSince(at().plane.auditLog);
    const begun = performance.now();
    await expect(Promise.race([waits, sleep(3_000, 'it waits', { ref: false })])).rejects.toThrow(/^stopped: /);
    expect(performance.now() - begun).toBeLessThan(400);
    await other.release();
    await expect(acquireLock(cluster, stack, { ...options, seen: await seeLock(cluster, stack), signal: stop.signal })).rejects.toThrow(/^stopped: /);
    const writes = (await since()).filter(({ uri, verb }) => uri.includes(`${stack.namespace}/leases/`) && verb !== 'get');
    expect(writes.map(({ verb }) => verb)).toEqual(['update']);
  });

  it('is left to who has taken it over', async () => {
    const [cluster, stack] = [at().plane.connect(), await stackIn()];
    const lock = await acquireLock(cluster, stack, options);
    await cluster.patch(lockLocation(stack), [{ op: 'replace', path: '/spec/holderIdentity', value: 'somebody else' }]);
    await lock.release();
    expect((await seeLock(cluster, stack)).lease?.spec.holderIdentity).toBe('somebody else');
  });

  /** A cluster on which something happens when the lock is about to be taken. */
  function interrupted(cluster: Cluster, event: () => Promise<unknown>): Cluster {
    let happened = false;
    const before = (method: 'create' | 'replace') => async (location: Parameters<Cluster['create']>[0], object: unknown) => {
      if (location.resource.kind === 'Lease' && !happened) {
        happened = true;
        await event();
      }
      return cluster[method](location, object);
    };
    return Object.assign(Object.create(cluster) as Cluster, { create: before('create'), replace: before('replace') });
  }

  it.each(['first', 'second'])('makes an apply plan again where another one was in between: the %s of a stack', async (which) => {
    const [cluster, stack] = [at().plane.connect(), await stackIn()];
    if (which === 'second') await applyObjects(cluster, stack, [configMap('one', 'a')]);
    const other = () => applyObjects(cluster, stack, [configMap('one', 'b'), configMap('other', 'b')]);
    await applyObjects(interrupted(cluster, other), stack, [configMap('one', 'c')]);
    const names = (await cluster.list({ apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true }, stack.namespace)).map(
      ({ metadata, data }) => [metadata.name, (data as { word?: string } | undefined)?.word] as const,
    );
    expect(names.filter(([, word]) => word !== undefined)).toEqual([['one', 'c']]);
    expect((await readInventory(cluster, stack))?.entries.map(({ name }) => name)).toEqual(['one']);
  });

  it('lets an apply read each object once', async () => {
    const [cluster, stack] = [at().plane.connect(), await stackIn()];
    await applyObjects(cluster, stack, [configMap('one', 'a')]);
    const since = await auditSince(at().plane.auditLog);
    await applyObjects(cluster, stack, [configMap('one', 'b')]);
    const asked = (await since()).filter(({ uri }) => uri.includes(`${stack.namespace}/configmaps/one`));
    expect(asked.map(({ verb, dryRun }) => (dryRun ? `${verb} (dry run)` : verb))).toEqual(['get', 'patch (dry run)', 'patch']);
  });
});

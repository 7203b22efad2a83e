import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';
import { inventoryLocation, lockLocation } from '../src/stack/account';
import { acquireLock } from '../src/stack/lock';
import { berth, folderWith, type Run, writeFiles } from '../testing/berth-process';
import { applyObjects } from '../testing/in-process';
import { type RunningBerth, runningBerth } from '../testing/running-berth';
import { definition } from '../testing/definitions';
import { describeWithControlPlane } from '../testing/use-control-plane';

const deployment = (image: string): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: { selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } } },
});
const configMap = (word: string, more: object = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'words', ...more }, data: { word } });
const claim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
};
const deployments = { apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments', namespaced: true };
const configMaps = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };

/** Its objects are tried only when it is there: one that is wrong is found midway. */
const rafts = definition('Raft', {
  group: 'example.com',
  schema: { type: 'object', properties: { spec: { type: 'object', properties: { length: { type: 'integer' } } } } },
});

const filesOf = (...objects: object[]) => ({ 'all.json': JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }) });

describeWithControlPlane('a command that is stopped or refused midway', (at) => {
  const run = (args: readonly string[], kill?: AbortSignal): Promise<Run> =>
    berth([...args, '--lock-lease', '4s'], { kubeconfig: at().plane.kubeconfig, ...(kill && { kill }) });
  const ok = async (...args: string[]): Promise<Run> => {
    const result = await run(args);
    expect(result).toMatchObject({ code: 0 });
    return result;
  };
  const history = async (...here: string[]) => {
    const { stdout } = await berth(['history', ...here, '-o', 'json'], { kubeconfig: at().plane.kubeconfig });
    return (JSON.parse(stdout) as { number: number; outcome: string; message?: string }[]).map(({ number, outcome }) => `${number} ${outcome}`);
  };
  const imageOf = async (namespace: string) => {
    const live = await at().plane.connect().get({ resource: deployments, namespace, name: 'web' });
    return (live?.spec as { template: { spec: { containers: { image: string }[] } } }).template.spec.containers[0]!.image;
  };
  const wordOf = async (namespace: string) => (await at().plane.connect().get({ resource: configMaps, namespace, name: 'words' }))?.['data'];
  const until = async (what: () => boolean | Promise<boolean>) => {
    for (const deadline = performance.now() + 20_000; !(await what());) {
      if (performance.now() > deadline) throw new Error('it did not happen within 20 s');
      await sleep(50);
    }
  };
  const says = (running: RunningBerth, words: string) => until(() => running.stderr.includes(words));

  it.each(['Ctrl-C', 'kill -9'])(
    'is known by history, and rolled back to the last healthy release: %s',
    async (how) => {
      const namespace = await at().namespace();
      const folder = folderWith(filesOf(deployment('web:1')));
      const here = [folder, '-n', namespace];
      await ok('apply', ...here);
      writeFiles(folder, filesOf(deployment('web:2')));
      await ok('apply', ...here);
      writeFiles(folder, filesOf(deployment('slow:3')));
      if (how === 'Ctrl-C') {
        const running = runningBerth(['apply', ...here], at().plane.kubeconfig);
        await says(running, 'waiting for Deployment');
        expect(await running.stop()).toBe(1);
      } else {
        const kill = new AbortController();
        const killed = run(['apply', ...here], kill.signal);
        await until(async () => (await imageOf(namespace)) === 'slow:3');
        kill.abort();
        await killed;
      }
      expect(await imageOf(namespace)).toBe('slow:3');
      expect(await history(...here)).toEqual(['3 unfinished', '2 healthy', '1 healthy']);
      expect((await ok('rollback', ...here)).stderr).toContain('back to revision 2');
      expect(await imageOf(namespace)).toBe('web:2');
      expect(await history(...here)).toEqual(['3 healthy', '2 healthy', '1 healthy']);
    },
    60_000,
  );

  it('that is run again ends as one revision', async () => {
    const namespace = await at().namespace();
    const stack = { name: 'shop', namespace };
    const cluster = at().plane.connect();
    await applyObjects(cluster, stack, [deployment('web:1')]);
    const stop = new AbortController();
    const stopped = applyObjects(cluster, stack, [deployment('slow:2')], { signal: stop.signal });
    setTimeout(() => stop.abort(), 1_500);
    await expect(stopped).rejects.toThrow('stopped: what was begun is finished by running the command again');
    expect(await applyObjects(cluster, stack, [deployment('web:2')])).toMatchObject({ revision: 2 });
    // nothing is left to tell
    expect(await applyObjects(cluster, stack, [deployment('web:2')])).toMatchObject({ changed: false, revision: 2 });
  }, 60_000);

  it('a rollback of what was destroyed but for its data brings the last release back', async () => {
    const namespace = await at().namespace();
    const folder = folderWith(filesOf(deployment('web:1'), claim));
    const here = [folder, '-n', namespace];
    await ok('apply', ...here);
    writeFiles(folder, filesOf(deployment('web:2'), claim));
    await ok('apply', ...here);
    await ok('destroy', ...here, '--confirm', 'shop');
    expect(await history(...here)).toEqual(['2 healthy', '1 healthy']);
    expect((await ok('rollback', ...here)).stderr).toContain('back to revision 2');
    expect(await imageOf(namespace)).toBe('web:2');
  }, 60_000);

  it('a rollback of what a destroy that did not end has taken away brings the last release back', async () => {
    const namespace = await at().namespace();
    const cluster = at().plane.connect();
    const held = configMap('one', { finalizers: ['example.com/hold'] });
    const folder = folderWith(filesOf(deployment('web:1'), held));
    const here = [folder, '-n', namespace];
    const deploymentOf = () => cluster.get({ resource: deployments, namespace, name: 'web' });
    const letGo = () => cluster.patch({ resource: configMaps, namespace, name: 'words' }, [{ op: 'remove', path: '/metadata/finalizers' }]);
    await ok('apply', ...here);
    writeFiles(folder, filesOf(deployment('web:2'), held));
    await ok('apply', ...here);
    expect(await run(['destroy', ...here, '--confirm', 'shop', '--timeout', '2s'])).toMatchObject({ code: 4 });
    expect(await deploymentOf()).toBeUndefined();
    expect(await history(...here)).toEqual(['3 unfinished', '2 healthy', '1 healthy']);
    await letGo();
    expect((await ok('rollback', ...here)).stderr).toContain('back to revision 2');
    expect(await imageOf(namespace)).toBe('web:2');
    expect(await history(...here)).toEqual(['3 healthy', '2 healthy', '1 healthy']);
    await letGo();
    await ok('destroy', ...here, '--confirm', 'shop');
    expect(await cluster.get(inventoryLocation({ name: 'shop', namespace }))).toBeUndefined();
  }, 60_000);

  it('that the cluster refuses midway is rolled back with --rollback-on-failure, and known as failed', async () => {
    const namespace = await at().namespace();
    const folder = folderWith(filesOf(configMap('one')));
    const here = [folder, '-n', namespace];
    await ok('apply', ...here);
    writeFiles(
      folder,
      filesOf(configMap('two'), rafts, { apiVersion: 'example.com/v1', kind: 'Raft', metadata: { name: 'medusa' }, spec: { length: 'long' } }),
    );
    const { code, stderr } = await run(['apply', ...here, '--rollback-on-failure']);
    expect({ code, stderr }).toMatchObject({ code: 1 });
    expect(stderr).toContain(`Raft/${namespace}/medusa could not be applied: `);
    expect(stderr).toContain('so it was rolled back: revision 1 is deployed again, and all of it is ready');
    expect(await wordOf(namespace)).toEqual({ word: 'one' });
    expect(await history(...here)).toEqual(['3 healthy', '2 failed', '1 healthy']);
  }, 60_000);

  it('a destroy that a finalizer holds ends soon after Ctrl-C, and its lock is free', async () => {
    const namespace = await at().namespace();
    const folder = folderWith(filesOf(configMap('one', { finalizers: ['example.com/hold'] })));
    await ok('apply', folder, '-n', namespace);
    const running = runningBerth(['destroy', folder, '-n', namespace, '--confirm', 'shop'], at().plane.kubeconfig);
    const cluster = at().plane.connect();
    const location = { resource: configMaps, namespace, name: 'words' };
    await until(async () => (await cluster.get(location))?.metadata.deletionTimestamp !== undefined);
    const startedAt = performance.now();
    expect(await running.stop()).toBe(1);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(running.stderr).toContain('stopped: what was begun is finished by running the command again');
    expect((await cluster.get(lockLocation({ name: 'shop', namespace })))?.spec).toMatchObject({ holderIdentity: '' });
    await cluster.patch(location, [{ op: 'remove', path: '/metadata/finalizers' }]);
  }, 60_000);

  it('an apply that waits for the lock ends at once after Ctrl-C, and leaves it to its holder', async () => {
    const stack = { name: 'shop', namespace: await at().namespace() };
    const cluster = at().plane.connect();
    const holder = await acquireLock(cluster, stack, { seconds: 30 });
    const running = runningBerth(['apply', folderWith(filesOf(configMap('one'))), '-n', stack.namespace], at().plane.kubeconfig);
    await says(running, 'waiting; its lock is free');
    const startedAt = performance.now();
    expect(await running.stop()).toBe(1);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(running.stderr).toContain('stopped: what was begun is finished by running the command again');
    holder.check();
    expect(await wordOf(stack.namespace)).toBeUndefined();
    await holder.release();
  }, 60_000);

  it.each(['is waited for', 'is to go'])(
    'a run whose lock somebody else took ends while something %s',
    async (what) => {
      const stack = { name: 'shop', namespace: await at().namespace() };
      const cluster = at().plane.connect();
      const held = configMap('one', { finalizers: ['example.com/hold'] }) as KubernetesObject;
      if (what === 'is to go') await applyObjects(cluster, stack, [held, deployment('web:1')]);
      const applied = applyObjects(cluster, stack, [deployment(what === 'is to go' ? 'web:1' : 'slow:1')]);
      applied.catch(() => undefined);
      const isBusy = async () =>
        what === 'is to go'
          ? (await cluster.get({ resource: configMaps, namespace: stack.namespace, name: 'words' }))?.metadata.deletionTimestamp !== undefined
          : (await cluster.get({ resource: deployments, namespace: stack.namespace, name: 'web' })) !== undefined;
      await until(isBusy);
      // a renewal may be between its look and its write: then it is told apart by the version
      await cluster.patch(lockLocation(stack), [{ op: 'replace', path: '/spec/holderIdentity', value: 'somebody@else/1' }]);
      const takenAt = performance.now();
      await expect(applied).rejects.toThrow(/^somebody else took the lock of test-\d+\/shop, .*: this run has stopped/);
      expect(performance.now() - takenAt).toBeLessThan(3_000);
    },
    60_000,
  );
});

import { gzipSync } from 'node:zlib';
import { auditSince } from '../testing/audit';
import { berth, folderWith, writeFiles } from '../testing/berth-process';
import { describeWithControlPlane } from '../testing/use-control-plane';

const configMaps = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const secrets = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true };

const filesOf = (value: string, annotations = {}) => {
  const one = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one', annotations }, data: { value } };
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'two' }, stringData: { password: 'hunter22' } };
  return { 'one.json': JSON.stringify(one), 'two.json': JSON.stringify(secret) };
};

describeWithControlPlane('an account that was broken by hand', (at) => {
  /** A stack of its own, what berth says of it and how its account is broken. */
  async function deployed(files: Readonly<Record<string, string>> = filesOf('1')) {
    const { plane } = at();
    const namespace = await at().namespace();
    const folder = folderWith(files);
    const run = async (verb: string, ...args: string[]) => {
      const { code, stdout, stderr } = await berth([verb, folder, '-n', namespace, ...args], { kubeconfig: plane.kubeconfig });
      expect(stderr).not.toMatch(/a fault of berth itself|\n {4}at /);
      return { code, text: stdout + stderr };
    };
    const spoil = async (resource: typeof configMaps, name: string, operation: object) => {
      const cluster = plane.connect();
      await cluster.patch({ resource, namespace, name }, [operation]).finally(() => cluster.connection.close());
    };
    const forget = async (resource: typeof configMaps, name: string) => {
      const cluster = plane.connect();
      const uid = (await cluster.get({ resource, namespace, name }))!.metadata.uid!;
      await cluster.delete({ resource, namespace, name }, uid).finally(() => cluster.connection.close());
    };
    expect(await run('apply')).toMatchObject({ code: 0 });
    return { namespace, run, spoil, forget, deploy: (next: typeof files) => (writeFiles(folder, next), run('apply')) };
  }

  it.each(['{', '"none"', '[{"kind":"ConfigMap"}]', undefined])(
    'is named with its cure where it is the inventory, and nothing is written: %s',
    async (entries) => {
      const { namespace, run, spoil, forget } = await deployed();
      await spoil(configMaps, 'berth-shop', entries === undefined ? { op: 'remove', path: '/data' } : { op: 'replace', path: '/data/entries', value: entries });
      const since = await auditSince(at().plane.auditLog);
      for (const [verb, ...args] of [['apply'], ['plan'], ['status'], ['rollback', '--to', '1'], ['destroy', '--confirm', 'shop']])
        expect(await run(verb!, ...args)).toEqual({
          code: 3,
          text: expect.stringMatching(
            new RegExp(`ConfigMap/${namespace}/berth-shop, the inventory .* can't be read.*: .*kubectl delete configmap berth-shop -n ${namespace}`),
          ) as string,
        });
      const writes = (await since()).filter(({ user, verb, dryRun }) => user === 'admin' && !dryRun && ['create', 'update', 'patch', 'delete'].includes(verb));
      expect(writes.filter(({ uri }) => uri.includes(`/namespaces/${namespace}/`))).toEqual([]);
      // the cure
      await forget(configMaps, 'berth-shop');
      expect(await run('apply')).toMatchObject({ code: 0 });
      expect(await run('destroy', '--delete-data', '--confirm', 'shop')).toMatchObject({ code: 0 });
    },
    60_000,
  );

  it.each([
    ['no archive', { op: 'replace', path: '/binaryData/manifests', value: Buffer.from('none').toString('base64') }],
    ['no manifests', { op: 'replace', path: '/binaryData/manifests', value: gzipSync('[{}]').toString('base64') }],
    ['nothing', { op: 'remove', path: '/binaryData' }],
  ])(
    'keeps nobody from applying where it is a revision, but from going back to that: %s',
    async (_name, operation) => {
      const { run, spoil, deploy } = await deployed();
      expect(await deploy(filesOf('2'))).toMatchObject({ code: 0 });
      await spoil(configMaps, 'berth-shop-revision-2', operation);
      expect(await run('history')).toEqual({ code: 0, text: expect.stringMatching(/\n2 .*its manifests can't be read\n1 /) as string });
      expect(await run('status')).toMatchObject({ code: 0 });
      // which one was meant nobody can tell
      const refusal = /revision 2 of .*\/shop can't be read, because ConfigMap\/.*\/berth-shop-revision-2 was changed: choose another revision with --to/;
      expect(await run('rollback')).toEqual({ code: 3, text: expect.stringMatching(refusal) as string });
      expect(await run('apply')).toEqual({ code: 0, text: expect.stringMatching(/is revision 3/) as string });
      expect(await run('apply')).toEqual({ code: 0, text: expect.stringMatching(/is unchanged, at revision 3/) as string });
      for (const to of [[], ['--to', '2']]) expect(await run('rollback', ...to)).toEqual({ code: 3, text: expect.stringMatching(refusal) as string });
      expect(await run('rollback', '--to', '1')).toMatchObject({ code: 0 });
      expect(await run('destroy', '--delete-data', '--confirm', 'shop')).toMatchObject({ code: 0 });
    },
    60_000,
  );

  it('keeps nobody from applying where it is the Secret of a revision, broken or gone', async () => {
    const { run, spoil, forget } = await deployed();
    await spoil(secrets, 'berth-shop-revision-1', { op: 'replace', path: '/data/manifests', value: 'bm9uZQ==' });
    expect(await run('rollback', '--to', '1')).toEqual({ code: 3, text: expect.stringMatching(/because Secret\/.*-revision-1 was changed/) as string });
    expect(await run('apply')).toEqual({ code: 0, text: expect.stringMatching(/is revision 2/) as string });
    await forget(secrets, 'berth-shop-revision-2');
    expect(await run('rollback', '--to', '2')).toEqual({ code: 2, text: expect.stringMatching(/the Secret berth-shop-revision-2 .* is gone/) as string });
    expect(await run('apply')).toEqual({ code: 0, text: expect.stringMatching(/is revision 3/) as string });
  }, 60_000);

  it('empties no Secret where a revision doesn’t say any more that it has some', async () => {
    const { namespace, run, spoil, deploy } = await deployed();
    expect(await deploy(filesOf('2'))).toMatchObject({ code: 0 });
    await spoil(configMaps, 'berth-shop-revision-1', { op: 'remove', path: '/data/secrets' });
    expect(await run('rollback')).toMatchObject({ code: 0 });
    const cluster = at().plane.connect();
    const live = await cluster.get({ resource: secrets, namespace, name: 'two' }).finally(() => cluster.connection.close());
    expect(live).toMatchObject({ data: { password: Buffer.from('hunter22').toString('base64') } });
  }, 60_000);

  it('tells of no schemas, so that nobody goes back beyond a revision where it matters', async () => {
    const { run, spoil, deploy } = await deployed(filesOf('1', { 'berth.dev/schema': '1' }));
    for (const value of ['2', '3']) expect(await deploy(filesOf(value, { 'berth.dev/schema': '1' }))).toMatchObject({ code: 0 });
    await spoil(configMaps, 'berth-shop-revision-2', { op: 'remove', path: '/binaryData' });
    expect(await run('rollback', '--to', '1')).toEqual({
      code: 3,
      text: expect.stringMatching(/ConfigMap\/.*\/one of revision 1 is of schema 1, and revision 2 can't be read, which may need a later one/) as string,
    });
  }, 60_000);
});

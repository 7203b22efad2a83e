import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from '../src/cluster/cluster';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';
import { stackNamespace } from '../src/stack/stack-namespace';
import { auditSince } from '../testing/audit';
import { berth, folderWith, writeFiles } from '../testing/berth-process';
import { applyObjects } from '../testing/in-process';
import { describeWithControlPlane } from '../testing/use-control-plane';

const manifest = (name: string, namespace?: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}${namespace === undefined ? '' : `, namespace: ${namespace}`}}\n`;

describeWithControlPlane('a folder with objects in two namespaces', (at) => {
  let cluster: Cluster;
  beforeAll(() => void (cluster = at().plane.connect()));
  afterAll(() => cluster?.connection.close());

  const run = async (code: number, ...args: string[]) => {
    const result = await berth(args, { kubeconfig: at().plane.kubeconfig });
    expect({ args, code: result.code, stderr: result.stderr }).toEqual({ args, code, stderr: expect.any(String) as string });
    return result.stdout + result.stderr;
  };

  it('stays the stack that it was before an object came in the second one, for every command', async () => {
    const [one, two] = [await at().namespace(), await at().namespace()];
    const folder = folderWith({ 'a.yaml': manifest('a', one) });
    expect(await run(0, 'apply', folder)).toContain(`${one}/shop is revision 1`);
    writeFiles(folder, { 'b.yaml': manifest('b', two) });
    expect(await run(0, 'plan', folder)).toMatch(new RegExp(`^\\+ ConfigMap/${two}/b$[\\s\\S]*1 to create, 1 unchanged`, 'm'));
    expect(await run(0, 'apply', folder)).toContain(`${one}/shop is revision 2`);
    expect(await run(0, 'status', folder)).toContain(`${one}/shop: revision 2`);
    expect(await run(0, 'history', folder)).toContain('healthy');
    rmSync(join(folder, 'b.yaml'));
    expect(await run(0, 'apply', folder)).toContain(`${one}/shop is revision 3`);
    writeFiles(folder, { 'b.yaml': manifest('b', two) });
    expect(await run(0, 'destroy', folder, '--confirm', 'shop')).toContain(`${one}/shop is gone`);
  }, 60_000);

  it('is refused while nobody knows which is the stack’s, and is deployed with -n', async () => {
    const [one, two, three] = [await at().namespace(), await at().namespace(), await at().namespace()];
    const folder = folderWith({ 'a.yaml': manifest('a', one), 'b.yaml': manifest('b', two), 'c.yaml': manifest('c') });
    const since = await auditSince(at().plane.auditLog);
    for (const verb of ['plan', 'apply', 'status', 'history', 'destroy', 'doctor'])
      expect(await run(2, verb, folder)).toMatch(/are in the namespaces test-\d+, test-\d+: say which is the stack's, .* with -n, such as -n test-\d+/);
    const writes = (await since()).filter(
      ({ user, uri, verb, dryRun }) => user === 'admin' && !uri.includes('/stand-in') && !dryRun && ['create', 'update', 'patch', 'delete'].includes(verb),
    );
    expect(writes).toEqual([]);
    expect(await run(0, 'apply', folder, '-n', three)).toContain(`${three}/shop is revision 1`);
    expect(await run(0, 'plan', folder, '-n', three)).toContain('3 unchanged');
    const configMaps = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
    const there = [
      [one, 'a'],
      [two, 'b'],
      [three, 'c'],
    ] as const;
    for (const [namespace, name] of there) expect(await cluster.get({ resource: configMaps, namespace, name })).toBeDefined();
    // of another stack its objects say whose they are
    expect(await run(3, 'plan', folder, '-n', one)).toContain(`belongs to the stack ${three}.shop: one object has one stack: `);
  }, 60_000);

  it('is where it was deployed also where the others name none, and where another stack has its name', async () => {
    const [one, two, here] = [await at().namespace(), await at().namespace(), await at().namespace()];
    const object = (name: string, namespace?: string): KubernetesObject => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    });
    const of = (objects: readonly KubernetesObject[], name = 'shop') => stackNamespace(cluster, { objects, name, flag: undefined, here });
    const added = [object('a'), object('b', one)];
    expect(await of(added)).toBe(one);
    await applyObjects(cluster, { name: 'shop', namespace: here }, [object('a')]);
    expect(await of(added)).toBe(here);
    expect(await of(added, 'other')).toBe(one);
    // it has nothing of these
    await applyObjects(cluster, { name: 'shop', namespace: two }, [object('z', two)]);
    expect(await of([object('a', here), object('b', two)])).toBe(here);
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: two } };
    expect(await of([namespace, ...added])).toBe(two);
    expect(await of([object('b', one), { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'r' } }])).toBe(one);
    expect(await of([object('a')])).toBe(here);
  });
});

import { berth, folderWith, type Run, writeFiles } from '../testing/berth-process';
import { describeWithControlPlane } from '../testing/use-control-plane';
import { auditSince, type AuditEvent } from '../testing/audit';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

const deployment = (image: string, more = '') => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  ${more}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "${image}"}]}
`;
const service = `
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
`;
const claim = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`;
const configMap = (value: string) => `
apiVersion: v1
kind: ConfigMap
metadata: {name: configuration}
data: {word: "${value}"}
`;
const boats = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boats.example.com}
spec:
  group: example.com
  names: {kind: Boat, plural: boats}
  scope: Namespaced
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
---
apiVersion: example.com/v1
kind: Boat
metadata: {name: titanic}
spec: {length: 269}
`;

describeWithControlPlane('a folder of plain manifests', (at) => {
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) => berth(args, { kubeconfig: at().plane.kubeconfig, env });
  const ok = async (...args: string[]): Promise<Run> => {
    const result = await run(args);
    expect({ code: result.code, stderr: result.stderr }).toEqual({ code: 0, stderr: expect.any(String) as string });
    return result;
  };
  const writes = async (namespace: string, body: () => Promise<unknown>): Promise<readonly AuditEvent[]> => {
    const { plane } = at();
    const since = await auditSince(plane.auditLog);
    await body();
    const events = await since();
    return events
      .filter(({ verb, user, dryRun }) => user === 'admin' && !dryRun && ['create', 'update', 'patch', 'delete'].includes(verb))
      .filter(({ uri }) => uri.includes(namespace));
  };

  it('deploys, is found unchanged, changes, prunes, goes back and goes', async () => {
    const namespace = await at().namespace();
    const folder = folderWith({
      'web.yaml': deployment('web:1'),
      'service.yaml': service,
      'data.yaml': claim,
      'configuration.yaml': configMap('one'),
      'boats.yaml': boats,
    });
    const here = [folder, '-n', namespace];

    expect((await ok('apply', ...here)).stdout).toBe(`${namespace}/shop is revision 1, and all of it is ready\n`);
    const again = await writes(namespace, async () => expect((await ok('apply', ...here)).stdout).toContain('is unchanged, at revision 1'));
    expect(again).toEqual([]);

    rmSync(join(folder, 'boats.yaml'));
    rmSync(join(folder, 'data.yaml'));
    writeFiles(folder, { 'web.yaml': deployment('web:2'), 'configuration.yaml': configMap('two') });
    expect((await run(['plan', ...here, '--exit-code'])).code).toBe(5);
    const { objects } = JSON.parse((await ok('plan', ...here, '-o', 'json')).stdout) as { objects: { object: string; action: string; changes?: unknown }[] };
    expect(objects.filter(({ action }) => action !== 'unchanged')).toEqual([
      {
        object: `ConfigMap/${namespace}/configuration`,
        action: 'change',
        changes: [{ path: 'data.word', from: 'one', to: 'two' }],
      },
      {
        object: `Deployment/${namespace}/web`,
        action: 'change',
        changes: [{ path: 'spec.template.spec.containers[web].image', from: 'web:1', to: 'web:2' }],
      },
      { object: `PersistentVolumeClaim/${namespace}/data`, action: 'keep', notes: ['it holds data'] },
      { object: 'CustomResourceDefinition/boats.example.com', action: 'keep', notes: ['it holds data'] },
      { object: `Boat/${namespace}/titanic`, action: 'prune' },
    ]);
    expect((await ok('apply', ...here)).stderr).toContain(`pruned Boat/${namespace}/titanic`);
    expect((await run(['plan', ...here, '--exit-code'])).code).toBe(0);

    expect((await ok('rollback', ...here)).stdout).toContain('is revision 3');
    const history = JSON.parse((await ok('history', ...here, '-o', 'json')).stdout) as { number: number; outcome: string; by: string; message?: string }[];
    expect(history).toMatchObject([
      { number: 3, outcome: 'healthy', message: 'rolled back to revision 1' },
      { number: 2 },
      { number: 1, by: expect.stringMatching(/^admin \(/) as string },
    ]);
    expect((await run(['plan', ...here, '--exit-code'])).code).toBe(5);

    expect((await run(['destroy', ...here])).code).toBe(3);
    expect((await ok('destroy', ...here, '--confirm', 'shop')).stdout).toBe(
      `${namespace}/shop is gone but for PersistentVolumeClaim/${namespace}/data, CustomResourceDefinition/boats.example.com\n`,
    );
    expect((await ok('destroy', ...here, '--confirm', 'shop', '--delete-data')).stdout).toBe(`${namespace}/shop is gone\n`);
    expect((await run(['destroy', ...here, '--confirm', 'shop'])).code).toBe(3);
  }, 60_000);

  it('is deployed with other images, for one deployment', async () => {
    const namespace = await at().namespace();
    const folder = folderWith({ 'web.yaml': deployment('web:1') });
    const images = join(folder, '..', 'images.json');
    writeFiles(join(folder, '..'), { 'images.json': '{"web": "registry.example/web:7"}' });
    await ok('apply', folder, '-n', namespace, '--images', images);
    expect((await ok('plan', folder, '-n', namespace)).stdout).toContain('containers[web].image: "registry.example/web:7" → "web:1"');
    writeFiles(join(folder, '..'), { 'images.json': '["web"]' });
    expect(await run(['apply', folder, '-n', namespace, '--images', images])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/must be a JSON object of image references/) as string,
    });
  }, 60_000);

  it('is not rolled back to a release that the schema is too new for', async () => {
    const namespace = await at().namespace();
    const release = (image: string, schema: number, oldest: number) => ({
      'web.yaml': deployment(image).replace('{name: web}', `{name: web, annotations: {berth.dev/schema: "${schema}", berth.dev/schema-oldest: "${oldest}"}}`),
    });
    const folder = folderWith(release('web:1', 1, 1));
    await ok('apply', folder, '-n', namespace);
    // adds to the schema
    writeFiles(folder, release('web:2', 2, 1));
    await ok('apply', folder, '-n', namespace);
    // takes away what the first release used
    writeFiles(folder, release('web:3', 3, 2));
    await ok('apply', folder, '-n', namespace);
    const refused = await run(['rollback', folder, '-n', namespace, '--to', '1']);
    expect(refused).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(
        /Deployment\/test-\d+\/web of revision 1 is of schema 1, and a later release made one on which only those from schema 2 on work/,
      ) as string,
    });
    expect((await ok('rollback', folder, '-n', namespace)).stderr).toContain('back to revision 2');
    expect((await run(['rollback', folder, '-n', namespace, '--to', '1'])).code).toBe(3);
  }, 60_000);

  it('that becomes unhealthy is rolled back, with its reason, and exit code 4', async () => {
    const namespace = await at().namespace();
    const folder = folderWith({ 'web.yaml': deployment('web:1'), 'configuration.yaml': configMap('one') });
    await ok('apply', folder, '-n', namespace);
    writeFiles(folder, { 'web.yaml': deployment('broken:2'), 'configuration.yaml': configMap('two') });
    const { code, stderr } = await run(['apply', folder, '-n', namespace, '--rollback-on-failure']);
    expect(code).toBe(4);
    expect(stderr).toMatch(new RegExp(`Deployment/${namespace}/web: pod web-\\w+-\\w+: container web ends with exit code 1, 4 times`));
    expect(stderr).toContain('revision 1 is deployed again, and all of it is ready');
    writeFiles(folder, { 'web.yaml': deployment('web:1'), 'configuration.yaml': configMap('one') });
    expect((await ok('plan', folder, '-n', namespace, '--exit-code')).stdout).toContain('2 unchanged');
  }, 60_000);

  it('that becomes unhealthy by itself is not rolled back by an apply that has nothing to write', async () => {
    const namespace = await at().namespace();
    const folder = folderWith({ 'boats.yaml': boats.replaceAll('example.com', 'sea.example.com'), 'configuration.yaml': configMap('one') });
    await ok('apply', folder, '-n', namespace);
    writeFiles(folder, { 'configuration.yaml': configMap('two') });
    await ok('apply', folder, '-n', namespace);
    const cluster = at().plane.connect();
    const boat = { resource: { apiVersion: 'sea.example.com/v1', kind: 'Boat', plural: 'boats', namespaced: true }, namespace, name: 'titanic' };
    await cluster.patch(boat, [{ op: 'add', path: '/status', value: { conditions: [{ type: 'Ready', status: 'False', message: 'an iceberg' }] } }]);
    const changed = await writes(namespace, async () => {
      const { code, stderr } = await run(['apply', folder, '-n', namespace, '--rollback-on-failure', '--timeout', '1s']);
      expect({ code, stderr }).toEqual({ code: 4, stderr: expect.stringMatching(/an iceberg/) as string });
    });
    expect(changed).toEqual([]);
    cluster.connection.close();
  }, 60_000);

  it('that can be rolled back to nothing says both: why it failed, and why the rollback did', async () => {
    const namespace = await at().namespace();
    const folder = folderWith({ 'boats.yaml': boats.replaceAll('example.com', 'ice.example.com'), 'web.yaml': deployment('web:1') });
    await ok('apply', folder, '-n', namespace);
    const cluster = at().plane.connect();
    const boat = { resource: { apiVersion: 'ice.example.com/v1', kind: 'Boat', plural: 'boats', namespaced: true }, namespace, name: 'titanic' };
    writeFiles(folder, { 'web.yaml': deployment('broken:2') });
    await cluster.patch(boat, [{ op: 'add', path: '/status', value: { conditions: [{ type: 'Ready', status: 'False', message: 'an iceberg' }] } }]);
    const { code, stderr } = await run(['apply', folder, '-n', namespace, '--rollback-on-failure', '--timeout', '8s']);
    cluster.connection.close();
    expect(code).toBe(4);
    expect(stderr).toMatch(/container web ends with exit code 1[^]*and it could not be rolled back to revision 1: Boat\/\S+ Ready: an iceberg/);
  }, 60_000);
});

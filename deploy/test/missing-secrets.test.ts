import type { KubernetesObject } from '../src/manifests/kubernetes-object';
import { prepare } from '../src/manifests/prepare';
import { missingSecrets } from '../src/plan/missing-secrets';
import { auditSince } from '../testing/audit';
import { berth, folderWith, writeFiles } from '../testing/berth-process';
import { writeKubeconfig } from '../testing/control-plane';
import { definition } from '../testing/definitions';
import { describeWithControlPlane } from '../testing/use-control-plane';

const secrets = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true };

const web = (pod: object, annotations = {}): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', annotations },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }], ...pod } },
  },
});
const mounted = (more = {}) => ({ volumes: [{ name: 'key', secret: { secretName: 'key', ...more } }] });
const container = (more: object) => ({ name: 'web', image: 'web:1', ...more });
const told = (argument: string): KubernetesObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'maker' },
  spec: { template: { spec: { restartPolicy: 'Never', containers: [container({ args: [argument] })] } } },
});
const boat = (name: string, spec = {}): KubernetesObject => ({ apiVersion: 'example.com/v1', kind: 'Boat', metadata: { name }, spec });
const boats = definition('Boat', { group: 'example.com' });

describeWithControlPlane('a Secret that pods read', (at) => {
  it.each<readonly [how: string, objects: readonly KubernetesObject[], isExpected: boolean]>([
    ['as a volume', [web(mounted())], true],
    ['in a projected volume', [web({ volumes: [{ name: 'all', projected: { sources: [{ secret: { name: 'key' } }] } }] })], true],
    ['as a variable', [web({ containers: [container({ env: [{ name: 'KEY', valueFrom: { secretKeyRef: { name: 'key', key: 'a' } } }] })] })], true],
    ['as all variables of an init container', [web({ initContainers: [container({ name: 'init', envFrom: [{ secretRef: { name: 'key' } }] })] })], true],
    [
      'in a CronJob',
      [{ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'c' }, spec: { jobTemplate: { spec: { template: { spec: mounted() } } } } }],
      true,
    ],
    ['and a program finds on a path', [web(mounted()), told('/run/secrets/key/password')], true],
    ['beside a custom object of another name', [web(mounted()), boats, boat('monkey')], true],
    ['if it is there', [web(mounted({ optional: true }))], false],
    ['from the manifests', [web(mounted()), { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' } }], false],
    ['and a program is told to make', [web(mounted()), told('--secret-name=key')], false],
    ['and a custom object is told to make', [web(mounted()), boats, boat('other', { target: { name: 'key' } })], false],
    ['and an operator makes by its object’s name', [web({ volumes: [{ name: 'key', secret: { secretName: 'titanic-key' } }] }), boats, boat('titanic')], false],
    ['later, as its reader says', [web(mounted(), { 'berth.dev/awaits-secrets': 'true' })], false],
  ])('%s', async (_how, objects, isExpected) => {
    const cluster = at().plane.connect();
    const manifests = objects.map((object, i) => ({ object, place: `object ${i + 1}` }));
    const prepared = await prepare(manifests, { name: 'shop', namespace: 'default' }, cluster.discovery, undefined);
    expect(await missingSecrets(cluster, prepared)).toEqual(isExpected ? [expect.stringMatching(/^key: pods read this Secret/)] : []);
  });

  it('is asked for before anything is written, by its name and with the cure', async () => {
    const { plane } = at();
    const namespace = await at().namespace();
    const folder = folderWith({ 'web.json': JSON.stringify(web(mounted())) });
    const since = await auditSince(plane.auditLog);
    for (const verb of ['plan', 'apply'])
      expect(await berth([verb, folder, '-n', namespace], plane)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(
          `berth: key: pods read this Secret, which is neither among the manifests nor in the namespace ${namespace}: make it with kubectl create secret generic NAME -n ${namespace}, or write the annotation berth.dev/awaits-secrets: "true" on what reads it where it comes later\n`,
        ) as string,
      });
    const asked = (await since()).filter(({ verb, user, dryRun }) => user === 'admin' && !dryRun && ['create', 'update', 'patch', 'delete'].includes(verb));
    expect(asked.filter(({ resource }) => resource !== 'authorization.k8s.io/selfsubjectaccessreviews')).toEqual([]);
    await plane.connect().create({ resource: secrets, namespace, name: 'key' }, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' } });
    expect(await berth(['apply', folder, '-n', namespace], plane)).toMatchObject({ code: 0 });
  }, 60_000);

  it('is made by the command that the manifests say, in a namespace that may have to be made first', async () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'new', annotations: { 'berth.dev/make-secrets': 'make secrets' } } };
    // what says how its Secrets are made thinks of no other way
    const folder = folderWith({ 'all.json': [namespace, web(mounted()), told('key')].map((object) => JSON.stringify(object)).join('\n---\n') });
    expect(await berth(['apply', folder], at().plane)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('in the namespace new: make the namespace with kubectl create namespace new, and it with make secrets\n') as string,
    });
  }, 60_000);

  it('keeps no rollback from what it can do', async () => {
    const { plane } = at();
    const namespace = await at().namespace();
    const cluster = plane.connect();
    const key = { resource: secrets, namespace, name: 'key' };
    const made = await cluster.create(key, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' } });
    const folder = folderWith({ 'web.json': JSON.stringify(web(mounted())) });
    expect(await berth(['apply', folder, '-n', namespace], plane)).toMatchObject({ code: 0 });
    writeFiles(folder, { 'web.json': JSON.stringify(web({})) });
    expect(await berth(['apply', folder, '-n', namespace], plane)).toMatchObject({ code: 0 });
    await cluster.delete(key, made.metadata.uid!);
    expect(await berth(['rollback', folder, '-n', namespace], plane)).toMatchObject({ code: 0 });
  }, 60_000);

  it('is not looked for by who may not look at Secrets', async () => {
    const { plane } = at();
    const namespace = await at().namespace();
    const cluster = plane.connect();
    const rbac = 'rbac.authorization.k8s.io/v1';
    const clusterScoped = (kind: string, plural: string) => ({ apiVersion: rbac, kind, plural, namespaced: false });
    const rules = [{ apiGroups: ['', 'apps'], resources: ['namespaces', 'configmaps', 'deployments'], verbs: ['get', 'list', 'create', 'patch'] }];
    await cluster.create(
      { resource: clusterScoped('ClusterRole', 'clusterroles'), name: 'blind' },
      { apiVersion: rbac, kind: 'ClusterRole', metadata: { name: 'blind' }, rules },
    );
    const binding = {
      apiVersion: rbac,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'blind' },
      roleRef: { kind: 'ClusterRole', name: 'blind', apiGroup: 'rbac.authorization.k8s.io' },
      subjects: [{ kind: 'User', name: 'deployer', apiGroup: 'rbac.authorization.k8s.io' }],
    };
    await cluster.create({ resource: clusterScoped('ClusterRoleBinding', 'clusterrolebindings'), name: 'blind' }, binding);
    const folder = folderWith({ 'web.json': JSON.stringify(web(mounted())) });
    const kubeconfig = writeKubeconfig(folderWith({}), plane.server, plane.ca, plane.deployerToken);
    const since = await auditSince(plane.auditLog);
    expect(await berth(['plan', folder, '-n', namespace], { kubeconfig })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('+ Deployment') as string,
    });
    expect((await since()).filter(({ user, code }) => user === 'deployer' && code === 403)).toEqual([]);
  }, 60_000);
});

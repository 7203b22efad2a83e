import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { eventually } from '../../services/service-kit/testing/load-client';
import type { Cluster } from '../src/cluster/cluster';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';
import { type AuditEvent, auditSince } from '../testing/audit';
import { berth } from '../testing/berth-process';
import { runningBerth } from '../testing/running-berth';
import { writeKubeconfig } from '../testing/control-plane';
import { describeWithControlPlane } from '../testing/use-control-plane';

const root = join(__dirname, '..', '..');
const rbac = 'rbac.authorization.k8s.io/v1';

interface ClusterRole extends KubernetesObject {
  readonly rules: readonly { readonly apiGroups: readonly string[]; readonly resources: readonly string[]; readonly verbs: readonly string[] }[];
}

const roles = parseAllDocuments(readFileSync(join(root, 'deploy', 'roles', 'deployer.yaml'), 'utf8')).map((document) => document.toJS() as ClusterRole);
const shipped = roles.flatMap(({ rules }) =>
  rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${group}/${resource} ${verb}`))),
  ),
);

/** The kinds of operators that the manifests name. */
const definitions = [
  ['monitoring.coreos.com', 'v1', 'ServiceMonitor', 'servicemonitors'],
  ['monitoring.coreos.com', 'v1', 'PrometheusRule', 'prometheusrules'],
  ['postgresql.cnpg.io', 'v1', 'Cluster', 'clusters'],
] as const;

const digest = `sha256:${'a'.repeat(64)}`;

describeWithControlPlane('with the shipped roles and nothing more', (at) => {
  const temporary = mkdtempSync(join(tmpdir(), 'berth-roles-'));
  afterAll(() => rmSync(temporary, { recursive: true }));

  async function prepared(cluster: Cluster, environment: string) {
    const namespace = `berth-${environment}`;
    const subject = { kind: 'User', name: 'deployer', apiGroup: 'rbac.authorization.k8s.io' };
    const roleRef = { kind: 'ClusterRole', name: 'berth-deployer-in-namespace', apiGroup: 'rbac.authorization.k8s.io' };
    await cluster.create(
      { resource: { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false }, name: namespace },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    );
    await cluster.create(
      { resource: { apiVersion: rbac, kind: 'RoleBinding', plural: 'rolebindings', namespaced: true }, namespace, name: 'deployer' },
      { apiVersion: rbac, kind: 'RoleBinding', metadata: { name: 'deployer' }, roleRef, subjects: [subject] },
    );
    const folder = join(temporary, environment);
    cpSync(join(root, 'charts', environment), folder, { recursive: true });
    return folder;
  }

  it('every command works on every environment of charts/, and no verb in them is unused', async () => {
    const { plane } = at();
    const cluster = plane.connect();
    const clusterScoped = (kind: string, plural: string) => ({ apiVersion: rbac, kind, plural, namespaced: false });
    for (const role of roles) await cluster.create({ resource: clusterScoped('ClusterRole', 'clusterroles'), name: role.metadata.name }, role);
    await cluster.create(
      { resource: clusterScoped('ClusterRoleBinding', 'clusterrolebindings'), name: 'deployer' },
      {
        apiVersion: rbac,
        kind: 'ClusterRoleBinding',
        metadata: { name: 'deployer' },
        roleRef: { kind: 'ClusterRole', name: 'berth-deployer', apiGroup: 'rbac.authorization.k8s.io' },
        subjects: [{ kind: 'User', name: 'deployer', apiGroup: 'rbac.authorization.k8s.io' }],
      },
    );
    const crds = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', plural: 'customresourcedefinitions', namespaced: false };
    for (const [group, version, kind, plural] of definitions) {
      const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
      const spec = {
        group,
        names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
        scope: 'Namespaced',
        versions: [{ name: version, served: true, storage: true, schema }],
      };
      await cluster.create(
        { resource: crds, name: `${plural}.${group}` },
        { apiVersion: crds.apiVersion, kind: crds.kind, metadata: { name: `${plural}.${group}` }, spec },
      );
    }
    const kubeconfig = writeKubeconfig(temporary, plane.server, plane.ca, plane.deployerToken);
    const since = await auditSince(plane.auditLog);
    for (const environment of ['local', 'staging', 'production']) {
      const folder = await prepared(cluster, environment);
      const images = (repository: string) => {
        const file = join(temporary, 'images.json');
        writeFileSync(file, JSON.stringify(Object.fromEntries(['user-service', 'order-service'].map((name) => [name, `${repository}/${name}:1@${digest}`]))));
        return ['--images', file];
      };
      const run = async (code: number, verb: string, ...flags: string[]) => {
        const { code: ended, stdout, stderr } = await berth([verb, folder, ...flags], { kubeconfig });
        expect({ environment, verb, ended, talk: stdout + stderr }).toEqual({ environment, verb, ended: code, talk: expect.any(String) as string });
      };
      const first = images('registry.example/one');
      await run(0, 'plan', ...first);
      await run(0, 'apply', ...first);
      await run(0, 'apply', ...first);
      if (environment === 'production') {
        await run(0, 'apply', ...images('registry.example/two'));
        await run(0, 'status');
        // no operator makes the databases' Services here
        await run(4, 'doctor');
        await run(0, 'history');
        // what is asked of a node is allowed, and then there is none
        await run(1, 'logs');
        await knockThrough(folder, kubeconfig);
        await run(0, 'rollback');
        await run(4, 'apply', ...images('registry.example/broken'), '--rollback-on-failure');
        await run(4, 'apply', ...images('registry.example/slow'), '--timeout', '3s');
      }
      await run(0, 'destroy', '--confirm', environment);
      await run(0, 'destroy', '--confirm', environment, '--delete-data');
    }
    const asked = (await since()).filter(({ user, resource }) => user === 'deployer' && resource !== undefined && !/selfsubject\w*reviews/.test(resource));
    const refused = asked.filter(({ isForbidden }) => isForbidden);
    // what else is in a namespace it may not list, so it leaves the namespace
    expect(refused.filter(({ verb, uri }) => verb !== 'list' || uri.includes('?'))).toEqual([]);
    // what a patch has made was allowed as a creation too
    const verbsOf = ({ verb, code }: AuditEvent) => (verb === 'patch' && code === 201 ? ['patch', 'create'] : [verb]);
    const used = asked.filter(({ isForbidden }) => !isForbidden).flatMap((event) => verbsOf(event).map((verb) => `${event.resource} ${verb}`));
    // this API server is of Kubernetes 1.34
    const later = ['/pods/portforward create'];
    expect([...new Set(used), ...later].sort()).toEqual([...new Set(shipped)].sort());
  }, 240_000);
});

/** Opens a way to each Service, and knocks until a pod was asked. */
async function knockThrough(folder: string, kubeconfig: string): Promise<void> {
  const ways = runningBerth(['open', folder, '-v', '-o', 'json'], kubeconfig);
  await eventually('the ways are open', 10_000, () => Promise.resolve(ways.stdout.trimEnd().endsWith(']')));
  for (const { url } of JSON.parse(ways.stdout) as { url: string }[]) void fetch(url).catch(() => undefined);
  await eventually('a pod was asked', 10_000, () => Promise.resolve(/portforward\S* 5\d\d/.test(ways.stderr)));
  expect(await ways.stop()).toBe(0);
}

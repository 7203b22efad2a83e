import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';
import { type AuditEvent, auditSince } from '../testing/audit';
import { berth } from '../testing/berth-process';
import { writeKubeconfig } from '../testing/control-plane';
import { describeWithControlPlane } from '../testing/use-control-plane';

const root = join(__dirname, '..', '..');
const rbac = 'rbac.authorization.k8s.io/v1';

interface ClusterRole extends KubernetesObject {
  readonly rules: readonly { readonly apiGroups: readonly string[]; readonly resources: readonly string[]; readonly verbs: readonly string[] }[];
}

const rolesOf = (file: string) =>
  parseAllDocuments(readFileSync(join(root, 'deploy', 'roles', file), 'utf8')).map((document) => document.toJS() as ClusterRole);
const roles = [...rolesOf('backup.yaml'), ...rolesOf('deployer.yaml')];

/** Asked for from Kubernetes 1.35 on. */
const ofNewerServers = ['/pods/exec create'];

const namespaces = { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false };
const secrets = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true };

describeWithControlPlane('with the shipped roles for backups and nothing more', (at) => {
  const temporary = mkdtempSync(join(tmpdir(), 'berth-backup-roles-'));
  afterAll(() => rmSync(temporary, { recursive: true }));

  const subjects = [{ kind: 'User', name: 'deployer', apiGroup: 'rbac.authorization.k8s.io' }];
  const granted = (...names: string[]) =>
    roles
      .filter(({ metadata }) => names.includes(metadata.name))
      .flatMap(({ rules }) =>
        rules.flatMap(({ apiGroups, resources, verbs }) =>
          apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${group}/${resource} ${verb}`))),
        ),
      );

  /** A deployed environment, in which the user has these roles alone. */
  async function deployed(environment: string, clusterRole: string, ...inNamespace: string[]): Promise<string> {
    const { plane } = at();
    const cluster = plane.connect();
    const folder = join(temporary, environment);
    cpSync(join(root, 'charts', environment), folder, { recursive: true });
    // what they are made by is the environment's own command; here nothing reads them
    const namespace = `berth-${environment}`;
    await cluster.apply({ resource: namespaces, name: namespace }, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    for (const name of ['postgres-superuser', 'user-service-database', 'order-service-database'])
      await cluster.apply({ resource: secrets, namespace, name }, { apiVersion: 'v1', kind: 'Secret', metadata: { name } });
    const applied = await berth(['apply', folder, '--timeout', '30s'], { kubeconfig: plane.kubeconfig });
    expect({ code: applied.code, stderr: applied.stderr }).toEqual({ code: 0, stderr: expect.any(String) as string });
    const roleRef = (name: string) => ({ kind: 'ClusterRole', name, apiGroup: 'rbac.authorization.k8s.io' });
    for (const name of inNamespace)
      await cluster.create(
        { resource: { apiVersion: rbac, kind: 'RoleBinding', plural: 'rolebindings', namespaced: true }, namespace: `berth-${environment}`, name },
        { apiVersion: rbac, kind: 'RoleBinding', metadata: { name }, roleRef: roleRef(name), subjects },
      );
    await cluster.apply(
      { resource: { apiVersion: rbac, kind: 'ClusterRoleBinding', plural: 'clusterrolebindings', namespaced: false }, name: clusterRole },
      { apiVersion: rbac, kind: 'ClusterRoleBinding', metadata: { name: clusterRole }, roleRef: roleRef(clusterRole), subjects },
    );
    return folder;
  }

  beforeAll(async () => {
    const cluster = at().plane.connect();
    for (const role of roles)
      await cluster.create({ resource: { apiVersion: rbac, kind: 'ClusterRole', plural: 'clusterroles', namespaced: false }, name: role.metadata.name }, role);
  });

  /** Runs a command, which gets as far as into a container: there are none here. @returns what was asked for that the roles speak of */
  async function asked(...args: string[]): Promise<readonly AuditEvent[]> {
    const { plane } = at();
    const kubeconfig = writeKubeconfig(temporary, plane.server, plane.ca, plane.deployerToken);
    const since = await auditSince(plane.auditLog);
    const { code, stderr } = await berth(args, { kubeconfig });
    expect({ code, stderr }).not.toEqual({ code: 0, stderr });
    expect(stderr).not.toMatch(/forbidden/);
    const events = (await since()).filter(({ user, resource }) => user === 'deployer' && resource !== undefined);
    expect(events.filter((event) => event.code === 403)).toEqual([]);
    expect(events.map(({ resource }) => resource)).toContain('/pods/exec');
    return events;
  }

  it('backup gets into every container that it copies from, and no verb is unused', async () => {
    const events: AuditEvent[] = [];
    for (const environment of ['local', 'staging']) {
      const folder = await deployed(environment, 'berth-backup', 'berth-backup-in-namespace');
      events.push(...(await asked('backup', folder, '--to', join(temporary, `of-${environment}`))));
    }
    const used = new Set(events.map(({ resource, verb }) => `${resource} ${verb}`));
    expect([...used].sort()).toEqual([...new Set(granted('berth-backup', 'berth-backup-in-namespace'))].filter((one) => !ofNewerServers.includes(one)).sort());
  }, 120_000);

  it('restore, by a deployer, makes its pod, gets into it and removes it again, and no verb that it has beside a deployer’s is unused', async () => {
    const { plane } = at();
    const cluster = plane.connect();
    for (const name of ['berth-backup-in-namespace'])
      for (const environment of ['local', 'staging']) {
        const location = {
          resource: { apiVersion: rbac, kind: 'RoleBinding', plural: 'rolebindings', namespaced: true },
          namespace: `berth-${environment}`,
          name,
        };
        await cluster.delete(location, (await cluster.get(location))!.metadata.uid!);
      }
    const folder = await deployed('local', 'berth-deployer', 'berth-deployer-in-namespace', 'berth-restore-in-namespace');
    const archive = join(temporary, 'archive');
    const stores = ['user-service', 'order-service'].map((service) => ({
      service,
      kind: 'sqlite',
      schema: 1,
      server: '',
      file: service,
      bytes: 1,
      sha256: sum('x'),
      tables: [],
    }));
    const made = { cluster: '', startedAt: '', finishedAt: '', berth: '' };
    const manifest = JSON.stringify({ format: 1, stack: 'local', namespace: 'berth-local', ...made, stores });
    mkdirSync(archive);
    for (const { service } of stores) writeFileSync(join(archive, service), 'x');
    writeFileSync(join(archive, 'manifest.json'), manifest);
    writeFileSync(join(archive, 'SHA256SUMS'), [...stores.map(({ service }) => `${sum('x')}  ${service}`), `${sum(manifest)}  manifest.json`].join('\n'));
    const events = await asked('restore', folder, '--from', archive);
    const used = new Set(events.map(({ resource, verb }) => `${resource} ${verb}`));
    const wanted = granted('berth-restore-in-namespace').filter((one) => !ofNewerServers.includes(one));
    expect([...used]).toEqual(expect.arrayContaining(wanted));
  }, 120_000);
});

function sum(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

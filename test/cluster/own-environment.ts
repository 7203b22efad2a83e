import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { berth, type Run, type RunOptions } from '../../deploy/testing/berth-process';
import { kubectl, kubectlSaid, programSaid } from './cluster';

const repository = resolve(__dirname, '../..');

/** An environment of `charts/` in a namespace of a test's own. */
export interface OwnEnvironment {
  readonly namespace: string;
  /** Its manifests; the stack has its name. */
  readonly folder: string;
  /** Values of its Secrets: no output may have them. */
  readonly canaries: readonly string[];
  /** Runs `berth VERB` on it. */
  berth(verb: string, flags?: readonly string[], options?: Partial<RunOptions>): Promise<Run>;
  /** Makes the namespace and the Secrets, and applies it. */
  deploy(): Promise<void>;
  /** A kubeconfig of an account that has these of the shipped roles, and nothing else. */
  accountWith(name: string, clusterRole: string, ...inNamespace: readonly string[]): Promise<string>;
  remove(): Promise<void>;
}

/** Copies an environment. `BERTH_IMAGES` names a file for `berth apply --images`, where other images than those of `charts/` are on the nodes. */
export function ownEnvironment(environment: string, namespace: string): OwnEnvironment {
  const temporary = mkdtempSync(join(tmpdir(), 'berth-environment-'));
  const folder = join(temporary, environment);
  cpSync(join(repository, 'charts', environment), folder, { recursive: true });
  for (const file of filesIn(folder)) writeFileSync(file, readFileSync(file, 'utf8').replaceAll(`berth-${environment}`, namespace));
  const kubeconfig = process.env['KUBECONFIG'] ?? '';
  const images = process.env['BERTH_IMAGES'];
  const canaries: string[] = [];
  const run = (verb: string, flags: readonly string[] = [], options: Partial<RunOptions> = {}) => berth([verb, folder, ...flags], { kubeconfig, ...options });
  const secrets = async () => {
    const { stdout } = await programSaid('npm', ['run', '--silent', 'secrets', '--', '--env', environment]);
    if (stdout === '') return;
    for (const document of parseAllDocuments(stdout)) {
      const { stringData = {}, data = {} } = document.toJS() as { stringData?: Record<string, string>; data?: Record<string, string> };
      const values = [...Object.values(stringData), ...Object.values(data).map((text) => Buffer.from(text, 'base64').toString())];
      // a user's name is no secret
      canaries.push(...values.filter((value) => value.length > 16));
    }
    await kubectlSaid(['create', '-f', '-'], stdout.replaceAll(`berth-${environment}`, namespace));
  };
  return {
    namespace,
    folder,
    canaries,
    berth: run,
    async deploy() {
      const found = await kubectl('get', 'namespace', namespace, '--ignore-not-found', '-o', 'name');
      await kubectl('apply', '-f', join(folder, 'namespace.yaml'));
      if (found === '' || (await kubectl('get', 'secrets', '-n', namespace, '-o', 'name')) === '') await secrets();
      const applied = await run('apply', images === undefined ? [] : ['--images', images]);
      if (applied.code !== 0) throw new Error(`berth apply ended with ${applied.code}:\n${applied.stderr}`);
    },
    accountWith: (name, clusterRole, ...inNamespace) => account({ temporary, namespace, kubeconfig, name, clusterRole, inNamespace }),
    async remove() {
      await kubectl('delete', 'clusterroles,clusterrolebindings', '-l', `${mark}=${namespace}`, '--ignore-not-found');
      await kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--timeout=180s');
      rmSync(temporary, { recursive: true, force: true });
    },
  };
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

/** On what is of the whole cluster and was made for one namespace. */
const mark = 'berth.dev/end-to-end-of';

interface AccountParts {
  readonly temporary: string;
  readonly namespace: string;
  readonly kubeconfig: string;
  readonly name: string;
  readonly clusterRole: string;
  readonly inNamespace: readonly string[];
}

/** The shipped roles under names of the namespace's own, so that nothing on the cluster is touched. */
async function account({ temporary, namespace, kubeconfig, name, clusterRole, inNamespace }: AccountParts): Promise<string> {
  const roles = ['deployer', 'backup'].map((file) => readFileSync(join(repository, 'deploy/roles', `${file}.yaml`), 'utf8')).join('---\n');
  await kubectlSaid(['apply', '-f', '-'], roles.replaceAll('name: berth-', `name: ${namespace}-`));
  for (const document of parseAllDocuments(roles)) {
    const { metadata } = document.toJS() as { metadata: { name: string } };
    await kubectl('label', 'clusterrole', metadata.name.replace('berth-', `${namespace}-`), `${mark}=${namespace}`, '--overwrite');
  }
  const own = (role: string) => role.replace('berth-', `${namespace}-`);
  const subjects = [{ kind: 'ServiceAccount', namespace, name }];
  const binding = (kind: string, metadata: object, role: string) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind,
    metadata,
    subjects,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: own(role) },
  });
  const items = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
    binding('ClusterRoleBinding', { name: `${namespace}-${name}`, labels: { [mark]: namespace } }, clusterRole),
    ...inNamespace.map((role) => binding('RoleBinding', { name: `${name}-${role}`, namespace }, role)),
  ];
  await kubectlSaid(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const token = await kubectl('create', 'token', name, '-n', namespace, '--duration=2h');
  const file = join(temporary, `${name}.kubeconfig`);
  const cluster = JSON.parse(await kubectl('config', 'view', '--minify', '--raw', '-o', 'json', '--kubeconfig', kubeconfig)) as {
    clusters: [{ cluster: object }];
  };
  writeFileSync(
    file,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': name,
      contexts: [{ name, context: { cluster: 'it', user: name } }],
      clusters: [{ name: 'it', cluster: cluster.clusters[0].cluster }],
      users: [{ name, user: { token } }],
    }),
    { mode: 0o600 },
  );
  return file;
}

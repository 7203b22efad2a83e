import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { auditSince } from '../testing/audit';
import { berth, folderWith, writeFiles } from '../testing/berth-process';
import { describeWithControlPlane } from '../testing/use-control-plane';

const valid = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {a: "1"}\n';

interface Case {
  readonly files?: Readonly<Record<string, string>>;
  /** `FOLDER` and `NAMESPACE` stand for those of the test. @default an apply of the folder */
  readonly args?: readonly string[];
  /** A kubeconfig made of the test's own; what isn't said is as there. */
  readonly config?: (own: Config) => unknown;
  readonly env?: Readonly<Record<string, string>>;
  readonly code: 2 | 3 | 1;
  readonly says: RegExp;
}

interface Config {
  readonly server: string;
  readonly ca: string;
  readonly token: string;
}

const kubeconfig = ({ server, ca, token }: Config, change: { cluster?: object; user?: object; contexts?: object[]; current?: string } = {}) => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': change.current ?? 'test',
  clusters: [{ name: 'test', cluster: change.cluster ?? { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
  users: [{ name: 'admin', user: change.user ?? { token } }],
  contexts: change.contexts ?? [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
});

const apply = ['apply', 'FOLDER', '-n', 'NAMESPACE'];

const cases: Readonly<Record<string, Case>> = {
  // the command line
  'no folder': { args: ['apply'], code: 2, says: /say what: a folder with manifests, or --env NAME/ },
  'both a folder and an environment': { args: ['apply', 'FOLDER', '--env', 'local'], code: 2, says: /name a folder or --env, not both/ },
  'an environment that there isn’t': { args: ['apply', '--env', 'nowhere'], code: 2, says: /there is no charts\/nowhere here or above/ },
  'an environment that leads elsewhere': { args: ['apply', '--env', '../../etc'], code: 2, says: /is no environment's name/ },
  'a folder that there isn’t': { args: ['apply', '/nowhere/at/all'], code: 2, says: /\/nowhere\/at\/all can't be read \(ENOENT\)/ },
  'a verb that there isn’t': { args: ['aply', 'FOLDER'], code: 2, says: /unknown command 'aply'[\s\S]*Did you mean apply/ },
  'a flag that there isn’t': { args: [...apply, '--forse'], code: 2, says: /unknown option '--forse'/ },
  'a timeout without a unit': { args: [...apply, '--timeout', '10'], code: 2, says: /must be a duration up to 24h, such as 90s/ },
  'a format that there isn’t': { args: [...apply, '-o', 'xml'], code: 2, says: /Allowed choices are table, json, yaml/ },
  'a revision that is none': { args: ['rollback', 'FOLDER', '-n', 'NAMESPACE', '--to', 'last'], code: 2, says: /must be a whole number from 1/ },
  'a stack’s name that can’t be one': { args: [...apply, '--name', 'My Shop'], code: 2, says: /"My Shop" can't name a stack: give one of lower-case letters/ },
  'a stack’s name that is too long': { args: [...apply, '--name', 'x'.repeat(60)], code: 2, says: /a label takes 63: give a shorter one with --name/ },
  'a stack called as a revision is': {
    args: [...apply, '--name', 'shop-revision-2'],
    code: 2,
    says: /can't name a stack, because revisions of another are called so/,
  },
  'an object called as the stack’s inventory': {
    files: { 'a.yaml': valid.replace('name: one', 'name: berth-shop') },
    args: [...apply, '--name', 'shop'],
    code: 2,
    says: /a\.yaml:1: ConfigMap\/berth-shop is called as what Berth keeps of this stack: give one of them another name/,
  },
  'an object called as one of the stack’s revisions': {
    files: { 'a.yaml': valid.replace('name: one', 'name: berth-shop-revision-12') },
    args: [...apply, '--name', 'shop'],
    code: 2,
    says: /berth-shop-revision-12 is called as what Berth keeps of this stack/,
  },
  'a rollback of what was never deployed': {
    args: ['rollback', 'FOLDER', '-n', 'NAMESPACE'],
    code: 2,
    says: /was never deployed, so there is nothing to go back to/,
  },
  'a status of what was never deployed': { args: ['status', 'FOLDER', '-n', 'NAMESPACE'], code: 2, says: /is not deployed here: berth apply deploys it/ },
  'logs of no stack': { args: ['logs', 'web'], code: 2, says: /web is no folder: name the stack first, by its folder or with --env NAME/ },
  'logs of a workload that there isn’t': {
    args: ['logs', 'FOLDER', 'web', '-n', 'NAMESPACE'],
    code: 2,
    says: /has no workload "web": it has none at all/,
  },
  'logs that are followed though they have ended': {
    args: ['logs', 'FOLDER', '-f', '--previous', '-n', 'NAMESPACE'],
    code: 2,
    says: /nothing to --follow: leave one of them out/,
  },
  'logs of a stack elsewhere that was never deployed': {
    args: ['logs', '--name', 'gone', '-n', 'NAMESPACE'],
    code: 2,
    says: /gone is not deployed here: berth apply deploys it/,
  },
  'a way to a Service that there isn’t': { args: ['open', 'FOLDER', 'web', '-n', 'NAMESPACE'], code: 2, says: /has no Service "web": it has none at all/ },
  'ways of a stack without Services': { args: ['open', 'FOLDER', '-n', 'NAMESPACE'], code: 2, says: /has no Service to open/ },
  'a way at a port that is none': { args: ['open', 'FOLDER', '--port', '0'], code: 2, says: /must be a port from 1 to 65535/ },
  'a destroy of what was never deployed': {
    args: ['destroy', 'FOLDER', '-n', 'NAMESPACE', '--confirm', 'shop'],
    code: 3,
    says: /is not deployed here: there is no inventory/,
  },
  'a plan that is none': { args: [...apply, '--plan', '/etc/hostname'], code: 2, says: /can't be read as a plan: save one with berth plan --save/ },
  'images that are no JSON': { args: [...apply, '--images', '/etc/hostname'], code: 2, says: /can't be read as images: it must be a JSON object such as/ },
  'a plan without what was seen': {
    files: { 'a.yaml': valid, 'shop.plan': '{"kind":"BerthPlan","version":1,"cluster":"a","flags":{},"summary":{"objects":[]}}' },
    args: [...apply, '--plan', 'FOLDER/shop.plan'],
    code: 2,
    says: /is no plan of this version of berth: save one with berth plan --save/,
  },
  'a namespace that is empty': { args: ['history', 'FOLDER', '-n', ''], code: 2, says: /must be a name of lower-case letters, digits and dashes/ },
  'an object with data without its namespace': {
    args: [...apply, '--prune-data', 'Secret/one'],
    code: 2,
    says: /'Secret\/one' is invalid.*must be Kind\/namespace\/name/,
  },
  'what comes from a pipe': { args: ['plan', '/dev/stdin', '-n', 'NAMESPACE'], code: 2, says: /is neither a folder nor a file: write what comes from a pipe/ },
  // manifests
  'a definition without a spec': {
    files: { 'a.yaml': 'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: boats.example.com}\n' },
    code: 2,
    says: /CustomResourceDefinition\/boats\.example\.com is refused by the cluster/,
  },
  'a Secret that is no base64': {
    files: { 'a.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {token: "not base64!"}\n' },
    code: 2,
    says: /data\["token"\] is no base64: encode it, or write it into stringData/,
  },
  'a name with a slash': {
    files: { 'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a/b}\n' },
    code: 2,
    says: /metadata\.name is "a\/b": a name has no slash/,
  },
  'an empty folder': { files: {}, code: 2, says: /has no manifests: name a folder with YAML or JSON files/ },
  'a folder with a Kustomization alone': { files: { 'kustomization.yaml': 'resources: []\n' }, code: 2, says: /has no manifests/ },
  'YAML that is none': { files: { 'a.yaml': 'a: [1\nb: 2\n' }, code: 2, says: /a\.yaml: .*line \d+/ },
  'a file that is a list': { files: { 'a.yaml': '- 1\n' }, code: 2, says: /a\.yaml:1: it is a list, and a manifest is an object/ },
  'a manifest without a name': {
    files: { 'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n' },
    code: 2,
    says: /a\.yaml:1: metadata\.name is missing/,
  },
  'a manifest without a kind': {
    files: { 'a.yaml': `${valid}---\napiVersion: v1\nmetadata: {name: x}\n` },
    code: 2,
    says: /a\.yaml:6: kind is missing: write one such as "Deployment"/,
  },
  'a label that is a number': {
    files: { 'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {x: 1}}\n' },
    code: 2,
    says: /metadata\.labels\["x"\] is 1: write a text, in quotes/,
  },
  'an object that is there twice': {
    files: { 'a.yaml': valid, 'b.yaml': valid },
    code: 2,
    says: /b\.yaml:1: ConfigMap\/one is in a\.yaml:1 already: keep one of them/,
  },
  'a name that is generated': {
    files: { 'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}\n' },
    code: 2,
    says: /it has a generateName, by which it would be another object each time/,
  },
  'what kubectl get printed': {
    files: { 'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, uid: b, resourceVersion: "1"}\n' },
    code: 2,
    says: /metadata\.uid is set by the cluster: leave it out/,
  },
  'a kind that the cluster doesn’t serve': {
    files: { 'a.yaml': 'apiVersion: example.com/v1\nkind: Boat\nmetadata: {name: a}\n' },
    code: 2,
    says: /a\.yaml:1: the cluster serves no Boat of example\.com\/v1/,
  },
  'a variable that is there twice': {
    files: {
      'a.yaml':
        'apiVersion: v1\nkind: Pod\nmetadata: {name: one}\nspec: {containers: [{name: a, image: "a:1", env: [{name: A, value: "1"}, {name: A, value: "2"}]}]}\n',
    },
    code: 2,
    says: /a\.yaml:1: Pod\/test-\d+\/one is refused by the cluster: .*duplicate entries for key \[name="A"\]: leave one of them out/,
  },
  'a field that the schema doesn’t have': {
    files: { 'a.yaml': `${valid}datta: {}\n` },
    code: 2,
    says: /ConfigMap\/[\w-]+\/one is refused by the cluster: .*datta/,
  },
  'a name that the server refuses': {
    files: { 'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: A_B}\n' },
    code: 2,
    says: /is refused by the cluster: .*metadata\.name/,
  },
  'a namespace that -n contradicts': {
    files: { 'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: kube-public}\n' },
    code: 2,
    says: /is in the namespace kube-public, and -n says/,
  },
  'a namespace that -n contradicts, of which doctor is asked': {
    files: { 'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: kube-public}\n' },
    args: ['doctor', 'FOLDER', '-n', 'NAMESPACE'],
    code: 2,
    says: /a\.yaml:1: ConfigMap\/kube-public\/a is in the namespace kube-public, and -n says .*: leave one of them out/,
  },
  'a namespace for what has none': {
    files: { 'a.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: a, namespace: b}\n' },
    code: 2,
    says: /a Namespace is of the whole cluster: leave metadata\.namespace out/,
  },
  'a namespace that there isn’t': {
    args: ['apply', 'FOLDER', '-n', 'nowhere'],
    code: 2,
    says: /is in the namespace nowhere, which isn't there: make it with kubectl create namespace nowhere/,
  },
  // the cluster
  'a kubeconfig that there isn’t': { env: { KUBECONFIG: '/nowhere/config' }, code: 2, says: /the kubeconfig \/nowhere\/config can't be read \(ENOENT\)/ },
  'no kubeconfig at all': { env: { KUBECONFIG: '', HOME: '/nowhere' }, code: 2, says: /\/nowhere\/\.kube\/config can't be read/ },
  'a kubeconfig that is empty': { config: () => '', code: 2, says: /is none: it must be YAML with clusters/ },
  'a kubeconfig that is none': { config: () => 'just a text', code: 2, says: /is none: it must be YAML with clusters/ },
  'a context that there isn’t': { args: [...apply, '--context', 'prod'], code: 2, says: /there is no context "prod" in .*: choose with --context from test/ },
  'no current context': { config: (own) => kubeconfig(own, { current: '' }), code: 2, says: /has no current context: choose with --context from test/ },
  'a context of a cluster that there isn’t': {
    config: (own) => kubeconfig(own, { contexts: [{ name: 'test', context: { cluster: 'gone', user: 'admin' } }] }),
    code: 2,
    says: /names the cluster "gone", which has no server there/,
  },
  'a context of a user who isn’t there': {
    config: (own) => kubeconfig(own, { contexts: [{ name: 'test', context: { cluster: 'test', user: 'gone' } }] }),
    code: 2,
    says: /names the user "gone", who isn't there/,
  },
  'several contexts, none named': {
    config: (own) =>
      kubeconfig(own, {
        contexts: [
          { name: 'test', context: { cluster: 'test', user: 'admin' } },
          { name: 'prod', context: { cluster: 'test', user: 'admin' } },
        ],
      }),
    code: 3,
    says: /was never deployed from here, this is the cluster of the context "test" .*, and the kubeconfig has 2 contexts: say which you mean with --context/,
  },
  'a server that is no URL': {
    config: (own) => kubeconfig(own, { cluster: { server: 'prod' } }),
    code: 2,
    says: /the server of the context "test" is "prod": it must be a URL/,
  },
  'a server that isn’t there': {
    config: (own) => kubeconfig(own, { cluster: { server: 'https://127.0.0.1:1' } }),
    code: 1,
    says: /can't be reached \(ECONNREFUSED\): is the cluster up/,
  },
  'a server by a name that nobody knows': {
    config: (own) => kubeconfig(own, { cluster: { server: 'https://nowhere.invalid' } }),
    code: 1,
    says: /can't be reached \((ENOTFOUND|EAI_AGAIN)\)/,
  },
  'another cluster’s certificate': {
    config: (own) => kubeconfig(own, { cluster: { server: own.server } }),
    code: 1,
    says: /can't be reached \(.*\): its certificate is not the one that the kubeconfig trusts/,
  },
  'a certificate file that there isn’t': {
    config: (own) => kubeconfig(own, { cluster: { server: own.server, 'certificate-authority': 'gone.crt' } }),
    code: 2,
    says: /gone\.crt, which the kubeconfig names, can't be read \(ENOENT\)/,
  },
  'a token that is wrong': { config: (own) => kubeconfig(own, { user: { token: 'wrong' } }), code: 1, says: /Unauthorized/ },
  'a login program that there isn’t': {
    config: (own) =>
      kubeconfig(own, { user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'no-such-program', interactiveMode: 'Never' } } }),
    code: 2,
    says: /logging in to the context "test" failed: .*no-such-program/,
  },
};

describeWithControlPlane('bad input', (at) => {
  const folders: string[] = [];
  afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

  it.each(Object.entries(cases))(
    '%s is told with its cure, and nothing is written',
    async (_name, { files = { 'a.yaml': valid }, args = apply, config, env = {}, code, says }) => {
      const { plane } = at();
      const namespace = await at().namespace();
      const folder = folderWith(files);
      let path = plane.kubeconfig;
      if (config !== undefined) {
        const own = mkdtempSync(join(tmpdir(), 'berth-kubeconfig-'));
        folders.push(own);
        path = join(own, 'config');
        writeFileSync(path, stringify(config({ server: plane.server, ca: plane.ca, token: plane.token })));
      }
      const since = await auditSince(plane.auditLog);
      const result = await berth(
        args.map((arg) => (arg === 'NAMESPACE' ? namespace : arg.replace('FOLDER', folder))),
        { kubeconfig: path, env },
      );
      expect({ code: result.code, stderr: result.stderr }).toEqual({ code, stderr: expect.stringMatching(says) as string });
      expect(result.stderr).not.toMatch(/a fault of berth itself|\n {4}at /);
      expect(result.stdout).toBe('');
      const writes = (await since()).filter(
        ({ user, verb, dryRun }) => user.startsWith('admin') && !dryRun && ['create', 'update', 'patch', 'delete'].includes(verb),
      );
      expect(writes.filter(({ uri }) => uri.includes(`/namespaces/${namespace}/`))).toEqual([]);
    },
  );

  it('an object that is there with its namespace and without is told, and nothing is written', async () => {
    const namespace = await at().namespace();
    const named = valid.replace('{name: one}', `{name: one, namespace: ${namespace}}`);
    const folder = folderWith({ 'a.yaml': valid, 'b.yaml': named });
    const { code, stderr } = await berth(['apply', folder], { kubeconfig: at().plane.kubeconfig });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/b\.yaml:1: ConfigMap\/test-\d+\/one is in a\.yaml:1 already: keep one of them/) as string,
    });
  });

  it('what Berth keeps of another stack is not taken for an object of this one', async () => {
    const namespace = await at().namespace();
    const run = (folder: string, ...flags: string[]) => berth(['apply', folder, '-n', namespace, ...flags], { kubeconfig: at().plane.kubeconfig });
    expect((await run(folderWith({ 'a.yaml': valid }))).code).toBe(0);
    const { code, stderr } = await run(folderWith({ 'b.yaml': valid.replace('name: one', 'name: berth-shop') }), '--name', 'other');
    expect(code).toBe(3);
    expect(stderr).toContain(`ConfigMap/${namespace}/berth-shop is what Berth keeps of a stack, its inventory or a revision: give it another name`);
  });

  it('what is left empty is deployed as if it were not there, and gone back to', async () => {
    const namespace = await at().namespace();
    const web = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: , annotations: }
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: }
    spec: {initContainers: , volumes: , containers: [{name: web, image: "web:1", env: , envFrom: , args: }]}
`;
    const folder = folderWith({ 'a.yaml': valid, 'b.yaml': web });
    const run = async (...args: string[]) => {
      const { code, stderr } = await berth([...args, folder, '-n', namespace], { kubeconfig: at().plane.kubeconfig });
      return { code, fault: /fault of berth itself/.test(stderr) };
    };
    expect(await run('plan')).toEqual({ code: 0, fault: false });
    expect(await run('apply')).toEqual({ code: 0, fault: false });
    expect(await run('plan', '--exit-code')).toEqual({ code: 0, fault: false });
    writeFiles(folder, { 'a.yaml': valid.replace('"1"', '"2"') });
    expect(await run('apply')).toEqual({ code: 0, fault: false });
    expect(await run('rollback')).toEqual({ code: 0, fault: false });
  });

  it('what answers but is no API server is told', async () => {
    const server = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const own = mkdtempSync(join(tmpdir(), 'berth-kubeconfig-'));
    folders.push(own);
    const path = join(own, 'config');
    writeFileSync(
      path,
      stringify(kubeconfig({ server: '', ca: '', token: 'x' }, { cluster: { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } })),
    );
    const { code, stderr } = await berth(['apply', folderWith({ 'a.yaml': valid })], { kubeconfig: path });
    server.close();
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/is no Kubernetes API server/) as string });
  });
});

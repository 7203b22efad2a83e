import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { folderWith, writeFiles } from '../../deploy/testing/berth-process';
import { expectBerth } from './berth';
import { describeOnCluster, kubectl, portForward } from './cluster';

const minutes = 60_000;
const namespace = `berth-foreign-${process.pid}`;
const definition = `ferries-${process.pid}.example.com`;

/** Its probe is answered by its own name alone, and in words of its own. */
const answer = `({url, headers}, answer) => url !== '/up' ? answer.end(process.env.WORD) : answer.writeHead(headers.host === 'shop.example' ? 200 : 400).end('{\\"status\\":\\"UP\\"}')`;

/** As somebody would write it who has never heard of Berth. */
const deployment = (word: string, replicas: number) => `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: ${replicas}
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: web
          image: node:24-bookworm-slim
          imagePullPolicy: IfNotPresent
          command: ["node", "-e", "require('node:http').createServer(${answer}).listen(80)"]
          envFrom: [{configMapRef: {name: settings}}]
          env: [{name: RELEASE, value: "${word}"}]
          readinessProbe: {httpGet: {path: /up, port: 80, httpHeaders: [{name: Host, value: shop.example}]}, periodSeconds: 1}
          volumeMounts: [{name: data, mountPath: /data}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
`;
const service = `
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: door, port: 8000, targetPort: 80}]
`;
const settings = (word: string) => `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"WORD": "${word}"}}`;
const claim = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
`;
const ferries = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${definition}}
spec:
  group: example.com
  names: {kind: Ferry${process.pid}, plural: ferries-${process.pid}}
  scope: Namespaced
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
`;
const ferry = (decks: number) => `
apiVersion: example.com/v1
kind: Ferry${process.pid}
metadata: {name: dover}
spec: {decks: ${decks}}
`;

describeOnCluster('a folder of manifests that isn’t Berth’s', () => {
  const folder = folderWith({
    'web/deployment.yaml': deployment('one', 1),
    'web/service.yml': service,
    'settings.json': settings('one'),
    'claim.yaml': claim,
    'ferries/all.yaml': `${ferry(2)}---${ferries}`,
  });
  const here = [folder, '-n', namespace];
  const answered = async () => {
    const way = await portForward(namespace, 'web');
    try {
      return await (await fetch(way.url)).text();
    } finally {
      way.close();
    }
  };
  const get = (...args: string[]) => kubectl('get', '-n', namespace, ...args);

  beforeAll(() => kubectl('create', 'namespace', namespace));
  afterAll(async () => {
    await kubectl('delete', 'namespace', namespace, '--timeout=120s');
    await kubectl('delete', 'crd', definition, '--ignore-not-found');
  }, 3 * minutes);

  it(
    'is deployed, a definition before its object, answers and is verified',
    async () => {
      expect((await expectBerth(0, ['apply', ...here])).stdout).toBe(`${namespace}/shop is revision 1, and all of it is ready\n`);
      expect(await answered()).toBe('one');
      expect(await get(`ferries-${process.pid}/dover`, '-o', 'jsonpath={.spec.decks}')).toBe('2');
      expect((await expectBerth(0, ['apply', ...here])).stdout).toContain('is unchanged');
      expect((await expectBerth(0, ['verify', ...here])).stdout).toBe(`${namespace}/shop is ready and proven: 1 proof holds\n`);
    },
    3 * minutes,
  );

  it(
    'is changed',
    async () => {
      writeFiles(folder, { 'web/deployment.yaml': deployment('two', 2), 'settings.json': settings('two'), 'ferries/all.yaml': `${ferry(3)}---${ferries}` });
      const { stdout } = await expectBerth(5, ['plan', ...here, '--exit-code']);
      expect(stdout).toContain('spec.replicas: 1 → 2');
      expect(stdout).toContain('spec.decks: 2 → 3');
      await expectBerth(0, ['apply', ...here]);
      expect(await answered()).toBe('two');
      expect(await get('deployment/web', '-o', 'jsonpath={.status.readyReplicas}')).toBe('2');
      expect(await get(`ferries-${process.pid}/dover`, '-o', 'jsonpath={.spec.decks}')).toBe('3');
    },
    3 * minutes,
  );

  it(
    'is pruned of what it no longer has, but of no data',
    async () => {
      for (const file of ['web/service.yml', 'claim.yaml', 'ferries/all.yaml']) rmSync(join(folder, file));
      writeFiles(folder, { 'web/deployment.yaml': deployment('three', 1).replace(/ {10}volumeMounts.*\n {6}volumes.*\n/, '') });
      await expectBerth(0, ['apply', ...here]);
      expect(await get('service/web', '--ignore-not-found', '-o', 'name')).toBe('');
      expect(await get('persistentvolumeclaim/data', '-o', 'jsonpath={.status.phase}')).toBe('Bound');
      expect(await kubectl('get', 'crd', definition, '-o', 'name')).toContain(definition);
    },
    3 * minutes,
  );

  it(
    'goes, and its data with it only when that was said',
    async () => {
      expect((await expectBerth(0, ['destroy', ...here, '--confirm', 'shop'])).stdout).toContain('is gone but for');
      expect(await get('deployments,pods', '-o', 'name')).toBe('');
      expect(await get('persistentvolumeclaim/data', '-o', 'name')).toBe('persistentvolumeclaim/data');
      await expectBerth(0, ['destroy', ...here, '--confirm', 'shop', '--delete-data']);
      expect(await get('persistentvolumeclaims', '-o', 'name')).toBe('');
      expect(await kubectl('get', 'crd', definition, '--ignore-not-found', '-o', 'name')).toBe('');
    },
    3 * minutes,
  );
});

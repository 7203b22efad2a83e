import { setTimeout as sleep } from 'node:timers/promises';
import { mayConnect, type Pod } from '../../cdk8s/test/network-policies';
import { environment, objectsOf } from '../../cdk8s/test/synthesized';
import { sayMeasured } from '../../services/service-kit/testing/load-client';
import { describeOnCluster, kubectl, kubectlSaid, objectsIn } from './cluster';
import { deploy, namespaceOf, remove } from './environments';
import { hardenedPod } from './probe-pod';

const minutes = 60_000;
const namespace = namespaceOf('staging');
const { ingress, monitoring } = environment('staging');

/** Somebody who knocks: a pod of ours, by what runs in it, or one that only has the labels. */
interface Knocker extends Pod {
  readonly pod: string;
  readonly program: 'node' | 'bash';
}

/** A door to knock at, by the address of a pod or of a Service. */
interface Door {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly address?: string;
  readonly at: string;
  readonly port: number;
}

const outsiders: readonly (Pod & { readonly namespace: string; readonly labels: Readonly<Record<string, string>> })[] = [
  { name: 'ingress-controller', ...ingress!.controller },
  { name: 'prometheus', ...monitoring!.prometheus },
  { name: 'neighbour-of-the-controller', namespace: ingress!.controller.namespace, labels: { app: 'neighbour' } },
  { name: 'false-prometheus', namespace: 'default', labels: monitoring!.prometheus.labels },
  { name: 'false-user-service', namespace: 'default', labels: { 'app.kubernetes.io/name': 'user-service', 'app.kubernetes.io/component': 'server' } },
  { name: 'stranger', namespace, labels: { app: 'stranger' } },
];

describeOnCluster(
  'network policies, enforced',
  () => {
    let knockers: readonly Knocker[];
    let doors: readonly Door[];

    beforeAll(async () => {
      await deploy('staging');
      const namespaces = [...new Set(outsiders.map((pod) => pod.namespace))].filter((name) => name !== namespace && name !== 'default');
      const items = [...namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })), ...outsiders.map(hardenedPod)];
      await kubectlSaid(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
      for (const { name, namespace: where } of outsiders) await kubectl('wait', '-n', where, `pod/${name}`, '--for=condition=Ready', '--timeout=60s');
      const ours = await ourPods();
      knockers = [...ours, ...outsiders.map((pod) => ({ ...pod, pod: pod.name, program: 'node' as const }))];
      doors = await allDoors(ours);
      // An enforcer learns of new pods after they run
      await sleep(5_000);
    }, 5 * minutes);
    afterAll(async () => {
      for (const { name, namespace: where } of outsiders) await kubectl('delete', 'pod', name, '-n', where, '--ignore-not-found', '--now');
      await remove('staging');
    }, 4 * minutes);

    it(
      'every allowed pair connects, and every other is cut off',
      async () => {
        const policies = objectsOf('staging').filter(({ kind }) => kind === 'NetworkPolicy');
        const seen = (await Promise.all(knockers.map((from) => knockAtAll(from, doors)))).flat();
        const allowed = knockers.flatMap((from) => doors.filter((to) => mayConnect(policies, namespace, from, to, to.port)).map((to) => pair(from, to)));
        sayMeasured('network policies', { pairs: knockers.length * doors.length, connected: seen.length, allowed: allowed.length });
        expect(seen.sort()).toEqual(allowed.sort());
        expect(seen).toEqual(expect.arrayContaining(['order-service → user-service:8000', 'prometheus → order-service:8001', 'user-service → postgres:5432']));
        expect(seen).not.toContain('user-service → order-service:8001');
        expect(seen.filter((each) => each.startsWith('stranger'))).toEqual([]);
      },
      3 * minutes,
    );

    it('the whole system works: an order from where the ingress controller is', async () => {
      const answer = await kubectl('exec', '-n', ingress!.controller.namespace, 'ingress-controller', '--', 'node', '-e', orderProgram);
      expect(JSON.parse(answer)).toEqual([201, 201, 200]);
    });

    it(
      'without the policies the stranger connects: they are what cuts it off',
      async () => {
        await kubectl('delete', 'networkpolicies', '-n', namespace, '--all');
        await sleep(5_000);
        const stranger = knockers.find(({ name }) => name === 'stranger')!;
        const opened = await knockAtAll(stranger, doors);
        expect(opened).toEqual(expect.arrayContaining(doors.filter((door) => door.namespace === namespace).map((door) => pair(stranger, door))));
      },
      minutes,
    );
  },
  { 'a cluster that enforces NetworkPolicies, said by BERTH_POLICIES=enforced': process.env['BERTH_POLICIES'] === 'enforced' },
);

const pair = (from: Pod, { name, port }: Door) => `${from.name} → ${name}:${port}`;

/** One pod of each service, and the database. */
async function ourPods(): Promise<readonly (Knocker & { readonly ip: string })[]> {
  const pods = (await objectsIn(namespace, 'pods')).filter(({ metadata: { labels = {} } }) =>
    ['server', 'database'].includes(labels['app.kubernetes.io/component'] ?? ''),
  );
  const byName = new Map(pods.map((pod) => [pod.metadata.labels!['app.kubernetes.io/name']!, pod]));
  return [...byName].map(([name, { metadata, status }]) => ({
    ...{ name, namespace, labels: metadata.labels!, pod: metadata.name, ip: status.podIP! },
    program: name === 'postgres' ? 'bash' : 'node',
  }));
}

const ports: Readonly<Record<string, number>> = { 'user-service': 8000, 'order-service': 8001, postgres: 5432 };

async function allDoors(ours: readonly (Knocker & { readonly ip: string })[]): Promise<readonly Door[]> {
  const dns = (await objectsIn('kube-system', 'pods', 'k8s-app=kube-dns'))[0]!;
  const apiServer = await kubectl('get', 'service', 'kubernetes', '-n', 'default', '-o', 'jsonpath={.spec.clusterIP}');
  return [
    ...ours.map(({ name, labels, ip }) => ({ name, namespace, labels: labels!, at: ip, port: ports[name]! })),
    { name: 'dns', namespace: 'kube-system', labels: dns.metadata.labels!, at: dns.status.podIP!, port: 53 },
    { name: 'API server', address: apiServer, at: apiServer, port: 443 },
  ];
}

/** Which of the doors open to a TCP connection within two seconds, all tried at once. */
async function knockAtAll(from: Knocker, doors: readonly Door[]): Promise<string[]> {
  const addresses = doors.map(({ at, port }) => `${at}:${port}`);
  const program = from.program === 'node' ? ['node', '-e', knockByNode, '--', ...addresses] : ['bash', '-c', knockByBash, 'knock', ...addresses];
  const opened = (await kubectl('exec', '-n', from.namespace!, from.pod, '--', ...program)).split('\n');
  // A door of one's own says nothing of the network
  return doors.filter(({ name }, index) => opened.includes(addresses[index]!) && name !== from.name).map((door) => pair(from, door));
}

const knockByNode = `for (const to of process.argv.slice(1)) {
  const [host, port] = to.split(':');
  const socket = require('node:net').connect({ host, port, timeout: 2000 }, () => { console.log(to); socket.destroy(); });
  socket.on('timeout', () => socket.destroy()).on('error', () => {});
}`;
const knockByBash = `for to; do timeout 2 bash -c "exec 3<>/dev/tcp/\${to%:*}/\${to#*:}" 2>/dev/null && echo "$to" & done; wait`;

const orderProgram = `(async () => {
  const send = (service, path, body) => fetch('http://' + service + '.${namespace}:8000' + path,
    body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const user = await send('user-service', '/users', { email: 'policies@example.com', name: 'P' });
  const order = await send('order-service', '/orders', { user_id: (await user.json()).id, product_id: 'lamp', quantity: 1 });
  const read = await send('order-service', '/orders/' + (await order.json()).id);
  console.log(JSON.stringify([user.status, order.status, read.status]));
})()`;

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { berth } from '../../deploy/testing/berth-process';
import { createLoadClient, eventually, sayMeasured } from '../../services/service-kit/testing/load-client';
import { describeOnCluster, kubectl } from './cluster';
import { madeNamespace, removeNamespace } from './connected';
import { hardenedPod } from './probe-pod';
import { type RunningBerth, runningBerth } from '../../deploy/testing/running-berth';

const namespace = 'streams-open';
const minutes = 60_000;
const kubeconfig = process.env['KUBECONFIG'] ?? '';
const labels = { app: 'user-service' };

/** Two replicas of user-service, each with a database of its own that goes with it. */
function userService(): object {
  const { spec } = hardenedPod({ name: 'user-service', namespace, labels }) as { spec: { containers: object[] } };
  const { command: _, ...container } = spec.containers[0] as { command: unknown };
  const serving = {
    ...container,
    name: 'user-service',
    image: 'user-service:dev',
    env: [{ name: 'USER_DB_PATH', value: '/tmp/users.db' }],
    ports: [{ name: 'http', containerPort: 8000 }],
    readinessProbe: { httpGet: { path: '/health/ready', port: 'http' }, periodSeconds: 1 },
    lifecycle: { preStop: { sleep: { seconds: 5 } } },
  };
  const template = { metadata: { labels }, spec: { ...spec, terminationGracePeriodSeconds: 35, containers: [serving] } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'user-service', namespace },
    spec: { replicas: 2, strategy: { rollingUpdate: { maxUnavailable: 0 } }, selector: { matchLabels: labels }, template },
  };
}

const service = (name: string, selector: object, ports: object[]) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec: { selector, ports },
});

const objects = [
  userService(),
  service('user-service', labels, [{ name: 'http', port: 8000, targetPort: 'http' }]),
  service('numbered', labels, [
    { name: 'admin', port: 9000, targetPort: 9 },
    { name: 'http-api', port: 80, targetPort: 8000 },
  ]),
  service('database', { app: 'database' }, [{ name: 'postgres', port: 5432 }]),
];

describeOnCluster('berth open', () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-open-'));
  const manifest = join(folder, 'shop.json');
  let ways: RunningBerth;
  let url: string;

  beforeAll(async () => {
    writeFileSync(manifest, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    await madeNamespace(namespace, ...objects);
    await kubectl('rollout', 'status', '-n', namespace, 'deployment/user-service', '--timeout=120s');
    ways = runningBerth(['open', manifest, '-n', namespace, '-o', 'json']);
    await eventually('it is open', 20_000, () => Promise.resolve(ways.stdout.trimEnd().endsWith(']')));
    url = listed().find((way) => way.service === 'user-service')!.url;
  }, 4 * minutes);
  afterAll(async () => {
    await ways?.stop();
    rmSync(folder, { recursive: true });
    await removeNamespace(namespace);
  }, 3 * minutes);

  const listed = () => JSON.parse(ways.stdout) as { service: string; namespace: string; url: string }[];

  it('opens every Service that speaks HTTP, by a port’s name or number', async () => {
    expect(listed().map((way) => way.service)).toEqual(['user-service', 'numbered']);
    for (const way of listed()) expect((await fetch(`${way.url}/api/v1/users`)).status).toBe(200);
  });

  it(
    'when every pod is deleted, the next request waits for the next pod and succeeds',
    async () => {
      const [client, newcomer] = [createLoadClient(url, 1), createLoadClient(url, 1)];
      expect((await client.call('GET', '/version')).status).toBe(200);
      await kubectl('delete', 'pods', '-n', namespace, '--all', '--wait=false');
      const startedAt = performance.now();
      expect((await newcomer.call('GET', '/version', { timeoutMs: 40_000 })).status).toBe(200);
      sayMeasured('a request when every pod was just deleted', { ms: Math.round(performance.now() - startedAt) });
      expect((await client.call('GET', '/version')).status).toBe(200);
      client.close();
      newcomer.close();
      await kubectl('rollout', 'status', '-n', namespace, 'deployment/user-service', '--timeout=120s');
    },
    2 * minutes,
  );

  it(
    'when every pod is killed with its connections, a client that kept one gets its next answer',
    async () => {
      const client = createLoadClient(url, 1);
      expect((await client.call('GET', '/version')).status).toBe(200);
      await kubectl('delete', 'pods', '-n', namespace, '--all', '--force', '--grace-period=0');
      // the connection that was kept is closed once it is known to lead nowhere
      await sleep(2_500);
      expect((await client.call('GET', '/version', { timeoutMs: 40_000 })).status).toBe(200);
      client.close();
      await kubectl('rollout', 'status', '-n', namespace, 'deployment/user-service', '--timeout=120s');
    },
    2 * minutes,
  );

  it(
    'loses no request of clients that keep their connections while a rollout replaces every pod',
    async () => {
      const client = createLoadClient(url, 8);
      const seen = { sent: 0, again: 0, failures: [] as string[] };
      let isOver = false;
      // as browsers do where a kept connection ends while a request is on its way, on a new one: all that were kept may end at once. https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2
      const got = () =>
        client.call('GET', '/api/v1/users').catch(async (error: NodeJS.ErrnoException) => {
          if (error.code !== 'ECONNRESET') throw error;
          seen.again++;
          const anew = createLoadClient(url, 1);
          return anew.call('GET', '/api/v1/users').finally(() => anew.close());
        });
      const steadily = async () => {
        for (; !isOver; await sleep(40)) {
          seen.sent++;
          await got().then(
            ({ status }) => status === 200 || seen.failures.push(String(status)),
            (error: NodeJS.ErrnoException) => seen.failures.push(error.code ?? error.message),
          );
        }
      };
      const clients = Array.from({ length: 8 }, steadily);
      for (let round = 0; round < 2; round++) {
        await kubectl('rollout', 'restart', '-n', namespace, 'deployment/user-service');
        await kubectl('rollout', 'status', '-n', namespace, 'deployment/user-service', '--timeout=120s');
        await eventually('the old pods are gone', 60_000, async () => (await kubectl('get', 'pods', '-n', namespace, '-o', 'name')).split('\n').length === 2);
      }
      isOver = true;
      await Promise.all(clients);
      client.close();
      sayMeasured('2 rollouts through berth open', { ...seen, failures: seen.failures.slice(0, 5) });
      expect(seen.sent).toBeGreaterThan(1_000);
      expect(seen.failures).toEqual([]);
      expect(seen.again).toBeLessThanOrEqual(seen.sent / 100);
    },
    4 * minutes,
  );

  it(
    'takes another port where one is taken, and says so; one that was asked for is refused',
    async () => {
      const taken = createServer().listen(0, '127.0.0.1');
      await once(taken, 'listening');
      const { port } = taken.address() as AddressInfo;
      const other = runningBerth(['open', manifest, 'numbered', '-n', namespace]);
      await eventually('it is open', 20_000, () => Promise.resolve(other.stderr.includes('Ctrl-C')));
      // 8000 is the first one's
      expect(other.stderr).toMatch(/numbered is not on port 8000/);
      expect(await other.stop()).toBe(0);
      const refused = await berth(['open', manifest, 'numbered', '-n', namespace, '--port', String(port)], { kubeconfig });
      taken.close();
      expect({ code: refused.code, stderr: refused.stderr }).toEqual({
        code: 2,
        stderr: expect.stringMatching(/can't be listened on \(EADDRINUSE\): choose another port with --port/) as string,
      });
    },
    minutes,
  );

  it.each([
    [['nobody'], 2, /has no Service "nobody": choose from user-service, numbered, database/],
    [['numbered:grpc'], 2, /Service\/streams-open\/numbered has no port grpc: say numbered:PORT with one of admin, http-api/],
    [['--port', '8080'], 2, /--port is for one Service, and there are 2: name one of user-service, numbered/],
    [['--port', '70000'], 2, /must be a port from 1 to 65535/],
  ])('%j is told with its cure', async (args, code, says) => {
    const result = await berth(['open', manifest, '-n', namespace, ...args], { kubeconfig });
    expect({ code: result.code, stderr: result.stderr, stdout: result.stdout }).toEqual({ code, stderr: expect.stringMatching(says) as string, stdout: '' });
  });

  it('of a stack that isn’t deployed is told', async () => {
    const file = join(folder, 'other.json');
    writeFileSync(file, JSON.stringify(service('gone', labels, [{ port: 80 }])));
    const result = await berth(['open', file, '-n', namespace], { kubeconfig });
    expect({ code: result.code, stderr: result.stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/no Service of streams-open\/other .* name one of gone|isn't there/) as string,
    });
  });
});

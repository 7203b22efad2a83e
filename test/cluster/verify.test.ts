import { eventually } from '../../services/service-kit/testing/load-client';
import { expectBerth } from './berth';
import { describeOnCluster, kubectl, portForward } from './cluster';
import { deploy, namespaceOf, remove, services } from './environments';

const minutes = 60_000;
const namespace = namespaceOf('local');

/** What is broken, by a patch of the live object, and the proof that fails for it. */
interface Broken {
  readonly name: string;
  readonly object: string;
  readonly patch: object;
  /** What berth verify says; the proofs before it hold. */
  readonly fault: RegExp;
  /** It takes a moment until that shows. */
  readonly until?: () => Promise<boolean>;
  /** Until all has to be ready. @default 60s */
  readonly timeout?: string;
}

const container = (service: string, more: object) => ({ spec: { template: { spec: { containers: [{ name: service, ...more }] } } } });
const variable = (service: string, name: string, value: string) => container(service, { env: [{ name, value }] });

const broken: readonly Broken[] = [
  {
    name: 'the peer’s URL names nobody',
    object: 'deployment/order-service',
    patch: variable('order-service', 'USER_SERVICE_URL', 'http://nobody:8000'),
    fault: /order-service: an order of a new user is made, read and deleted: POST \/api\/v1\/orders of order-service was answered 503, not 201/,
  },
  {
    name: 'the peer’s URL has a wrong path',
    object: 'deployment/order-service',
    patch: variable('order-service', 'USER_SERVICE_URL', 'http://user-service:8000/nowhere'),
    fault: /POST \/api\/v1\/orders of order-service was answered 50[23], not 201/,
  },
  {
    name: 'the rate is limited to two requests a minute',
    object: 'deployment/user-service',
    patch: variable('user-service', 'RATE_LIMIT_PER_MINUTE', '2'),
    fault: /of user-service was answered 429, not 20[01]/,
  },
  {
    name: 'the Service selects no pod',
    object: 'service/order-service',
    patch: { spec: { selector: { 'app.kubernetes.io/name': 'nobody' } } },
    fault: /order-service got no answer: berth-local\/order-service: no pod of it became ready in time/,
  },
  {
    name: 'the Service leads to a port on which nothing listens',
    object: 'service/order-service',
    patch: { spec: { ports: [{ name: 'http', port: 8000, targetPort: 8999 }] } },
    fault: /POST \/api\/v1\/orders of order-service got no answer/,
  },
  {
    name: 'nobody serves',
    object: 'deployment/user-service',
    patch: { spec: { replicas: 0 } },
    fault: /user-service: \/health\/ready got no answer: berth-local\/user-service: no pod of it became ready in time/,
  },
  {
    name: 'what it needs is missing, and it says so',
    object: 'deployment/user-service',
    patch: { spec: { replicas: 0 } },
    fault: /order-service: \/health\/ready says "degraded"/,
    // a pod that ends answers to its end, and what the case before left may still be said
    until: async () => (await podsOf('user-service')) === '' && (await ask('order-service', '/health/ready'))['status'] === 'degraded',
  },
  {
    name: 'its metrics are elsewhere than Prometheus is told',
    object: 'deployment/user-service',
    patch: { spec: { template: { metadata: { annotations: { 'prometheus.io/path': '/nowhere' } } } } },
    fault: /user-service: \/nowhere is answered 404/,
  },
  {
    name: 'what Prometheus is told to read is no metrics',
    object: 'deployment/user-service',
    patch: { spec: { template: { metadata: { annotations: { 'prometheus.io/path': '/version' } } } } },
    fault: /user-service: \/version is nothing that Prometheus reads/,
  },
  {
    name: 'its pods never become ready',
    object: 'deployment/order-service',
    patch: container('order-service', { readinessProbe: { httpGet: { path: '/nowhere' } } }),
    fault: /Deployment\/berth-local\/order-service: .*its readiness probe asks \/nowhere, and is answered 404: the path is wrong/,
    timeout: '12s',
  },
];

describeOnCluster('berth verify', () => {
  beforeAll(async () => {
    await deploy('local');
  }, 3 * minutes);
  afterAll(() => remove('local'), 3 * minutes);

  it(
    'proves a good system, by an order that leaves no data behind',
    async () => {
      const { stdout, stderr } = await expectBerth(0, ['verify', '--env', 'local']);
      expect(stdout).toBe('berth-local/local is ready and proven: 6 proofs hold\n');
      for (const proof of ['an order of a new user is made, read and deleted', 'a user is made, read and deleted', '/health/ready', '/metrics'])
        expect(stderr).toContain(proof);
      await expectNoData();
    },
    2 * minutes,
  );

  it.each(broken)(
    'names what fails where $name',
    async ({ object, patch, fault, until, timeout = '60s' }) => {
      const [kind] = object.split('/');
      const before = JSON.parse(await kubectl('get', '-n', namespace, object, '-o', 'json')) as { spec: object };
      await kubectl('patch', '-n', namespace, object, '-p', JSON.stringify(patch));
      try {
        if (kind === 'deployment' && timeout === '60s') await kubectl('rollout', 'status', '-n', namespace, object, '--timeout=60s');
        if (until) await eventually('it shows', 30_000, until);
        const { stdout, stderr } = await expectBerth(4, ['verify', '--env', 'local', '--timeout', timeout]);
        expect(stderr).toMatch(fault);
        expect(stdout).toBe('');
      } finally {
        // as it was: a merge would keep what the patch added
        await kubectl('patch', '-n', namespace, object, '--type=json', '-p', JSON.stringify([{ op: 'replace', path: '/spec', value: before.spec }]));
        if (kind === 'deployment') await kubectl('rollout', 'status', '-n', namespace, object, '--timeout=60s');
      }
    },
    3 * minutes,
  );

  it(
    'proves it again when it is mended, and nothing was left behind meanwhile',
    async () => {
      await expectBerth(0, ['verify', '--env', 'local', '--timeout', '60s']);
      await expectNoData();
    },
    2 * minutes,
  );

  it('verifies readiness alone where manifests declare no check', async () => {
    const { stdout } = await expectBerth(0, ['verify', 'charts/local/manifests/network', '-n', namespace]);
    expect(stdout).toBe(`${namespace}/network is ready; it declares nothing to prove it by\n`);
  });
});

async function ask(service: string, path: string): Promise<Readonly<Record<string, unknown>>> {
  const way = await portForward(namespace, service);
  try {
    return (await (await fetch(`${way.url}${path}`)).json()) as Record<string, unknown>;
  } finally {
    way.close();
  }
}

function podsOf(service: string): Promise<string> {
  return kubectl('get', 'pods', '-n', namespace, '-l', `app.kubernetes.io/name=${service}`, '-o', 'name');
}

async function expectNoData(): Promise<void> {
  for (const service of services) expect((await ask(service, `/api/v1/${service.replace('-service', 's')}`))['items']).toEqual([]);
}

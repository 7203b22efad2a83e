import { sayMeasured } from '../../services/service-kit/testing/load-client';
import { describeOnCluster, kubectl, kubectlSaid, serversIn } from './cluster';
import { deploy, namespaceOf, remove, services, settled } from './environments';
import { type LoadPod, type LoadReport, startLoadPod } from './load-pod';

const minutes = 60_000;
const full = process.env['BERTH_FULL'] === '1';
const rollouts = full ? 5 : 1;
const atLeast = full ? 20_000 : 4_000;
const requestsPerSecond = '100';
const namespace = namespaceOf('staging');

/** To see it red: `BERTH_WITHOUT=preStop` or `BERTH_WITHOUT=drain` takes that mechanism out of both Deployments first. */
const without = process.env['BERTH_WITHOUT'];
const broken: Readonly<Record<string, object>> = {
  preStop: { lifecycle: null },
  drain: { env: [{ name: 'SHUTDOWN_TIMEOUT_MS', value: '0' }] },
};
if (without !== undefined && !(without in broken)) throw new Error(`BERTH_WITHOUT must be one of ${Object.keys(broken).join(', ')}, not "${without}"`);

describeOnCluster('staging under load', () => {
  let load: LoadPod;
  let report: LoadReport;

  beforeAll(async () => {
    await deploy('staging');
    for (const service of without ? services : []) {
      const template = { spec: { containers: [{ name: service, ...broken[without!] }] } };
      await kubectl('patch', '-n', namespace, `deployment/${service}`, '-p', JSON.stringify({ spec: { template } }));
    }
    await settled('staging');
    load = await startLoadPod('rollout-load');
  }, 5 * minutes);
  afterAll(async () => {
    await load?.remove();
    await remove('staging');
  }, 5 * minutes);

  it(
    'loses no request over rollouts, a rollback and an eviction of every pod',
    async () => {
      const [users, orders] = services.map((service) => `http://${service}.${namespace}:8000`);
      const running = load.start<LoadReport>('load.mjs', { USERS: users!, ORDERS: orders!, RATE: requestsPerSecond, AT_LEAST: String(atLeast) });
      await Promise.all([running.then((seen) => (report = seen)), meanwhile().finally(() => load.stop())]);
      sayMeasured(`${rollouts} rollouts of both services, a rollback, an eviction of every pod${without ? `, without ${without}` : ''}`, {
        ...{ requests: report.sent, failed: report.failed, seconds: report.seconds },
        ...Object.fromEntries(Object.entries(report.phases).map(([phase, kinds]) => [`${phase} p99 ms`, kinds['all']?.p99])),
        kinds: Object.fromEntries(Object.entries(report.phases['rollout'] ?? {}).map(([kind, { count, p99 }]) => [kind, { count, p99 }])),
      });
      expect(report.failures).toEqual([]);
      expect(report.failed).toBe(0);
      expect(report.sent).toBeGreaterThanOrEqual(atLeast);
    },
    15 * minutes,
  );

  it('had every kind of request in every phase', () => {
    for (const phase of ['steady', 'rollout', 'rollback', 'eviction'])
      expect([
        phase,
        Object.keys(report.phases[phase] ?? {})
          .filter((kind) => kind !== 'set-up')
          .sort(),
      ]).toEqual([phase, ['all', 'new connection', 'order', 'read', 'slow body']]);
  });

  async function meanwhile(): Promise<void> {
    // Without anything going on, for comparison
    await new Promise((resolve) => setTimeout(resolve, full ? 20_000 : 8_000));
    await load.phase('rollout');
    for (let round = 0; round < rollouts; round++) {
      await Promise.all(services.map((service) => kubectl('rollout', 'restart', '-n', namespace, `deployment/${service}`)));
      await settled('staging');
    }
    await load.phase('rollback');
    await Promise.all(services.map((service) => kubectl('rollout', 'undo', '-n', namespace, `deployment/${service}`)));
    await settled('staging');
    await load.phase('eviction');
    for (const { metadata } of await serversIn(namespace)) await evict(metadata.name);
  }

  /** What a node's drain does to each pod: asked again while the disruption budget says no. */
  async function evict(pod: string): Promise<void> {
    const body = JSON.stringify({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace } });
    for (let left = 60; ; left--) {
      const refused = await evictOnce(pod, body).then(
        () => undefined,
        (error: Error) => error,
      );
      if (refused === undefined) break;
      if (left === 0 || !refused.message.includes('disruption budget')) throw refused;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    await settled('staging');
  }
});

async function evictOnce(pod: string, body: string): Promise<void> {
  await kubectlSaid(['create', '--raw', `/api/v1/namespaces/${namespace}/pods/${pod}/eviction`, '-f', '-'], body);
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceDeclaration } from '@berth/service-kit/declaration';
import { services as declarations } from '../../cdk8s/test/synthesized';
import { percentile, sayMeasured } from '../../services/service-kit/testing/load-client';
import { describeOnCluster, kubectl, serversIn } from './cluster';
import { deploy, namespaceOf, remove, services } from './environments';
import { type LoadPod, type LoadReport, startLoadPod } from './load-pod';
import { timesToReady } from './ready-times';

const minutes = 60_000;
const full = process.env['BERTH_FULL'] === '1';
const namespace = namespaceOf('staging');
const seconds = full ? 25 : 8;
const firstRate = 100;
const database = 'postgres-0';

/** From the contract. */
const longestToReadyMs = 3_000;
const throttledAtMost = 0.01;

const [{ scaling }] = declarations as [ServiceDeclaration];

describeOnCluster('the resources of staging', () => {
  let load: LoadPod;
  let requestMillicores: number;

  beforeAll(async () => {
    await deploy('staging');
    load = await startLoadPod('resources-load');
    const [server] = await serversIn(namespace);
    const [container] = (server!.spec as { containers: { resources: { requests: { cpu: string } } }[] }).containers;
    requestMillicores = Number.parseInt(container!.resources.requests.cpu);
  }, 5 * minutes);
  afterAll(async () => {
    await load?.remove();
    await remove('staging');
  }, 5 * minutes);

  it(
    'hold at the autoscaler’s target: at most 1 % of periods throttled, no container killed',
    async () => {
      const atTarget = await measuredAtTarget();
      if (full) await measured('twice the target', 2 * atTarget.rate);
      for (const pod of atTarget.pods) expect(pod.throttled / pod.periods).toBeLessThanOrEqual(throttledAtMost);
      for (const { status } of await serversIn(namespace)) expect(status.containerStatuses).toMatchObject([{ restartCount: 0, lastState: {} }]);
    },
    5 * minutes,
  );

  it(
    `a pod is ready at most ${longestToReadyMs / 1_000} s after it was created, its image on the node`,
    async () => {
      const times: number[] = [];
      for (let round = 0; round < (full ? 5 : 1); round++) {
        for (const service of services) times.push(...(await timesToReady(namespace, service)));
      }
      sayMeasured('pod created to ready', { pods: times.length, 'median ms': percentile(times, 0.5), 'longest ms': Math.max(...times) });
      expect(percentile(times, 0.5)).toBeLessThanOrEqual(longestToReadyMs);
    },
    5 * minutes,
  );

  /** Finds the rate at which the busier service's pods take what the autoscaler aims at, and gives what they used then. */
  async function measuredAtTarget(): Promise<Measured> {
    const target = (requestMillicores * scaling.targetCpuPercent) / 100;
    // The first one warms the compiler up, the second one says what a request takes
    await measured('warm-up', firstRate);
    let found = await measured('a low rate', firstRate);
    for (let left = 3; left > 0 && Math.abs(busiest(found) / target - 1) > 0.15; left--) {
      found = await measured('towards the target', Math.round((found.rate * target) / busiest(found)));
    }
    sayMeasured('at the autoscaler’s target', { 'target m': target, 'busier service m': Math.round(busiest(found)), 'requests/s': found.rate });
    expect(busiest(found)).toBeGreaterThan(0.7 * target);
    return found;
  }

  /** What each pod used while the load's mix came at a rate. */
  async function measured(what: string, rate: number): Promise<Measured> {
    const env = { USERS: `http://user-service.${namespace}:8000`, ORDERS: `http://order-service.${namespace}:8000`, RATE: String(rate), AT_LEAST: '1' };
    const running = load.start<LoadReport>('load.mjs', env);
    await sleep(3_000);
    const before = await usage();
    await sleep(seconds * 1_000);
    const after = await usage();
    await load.stop();
    const { sent, seconds: took, failed, phases } = await running;
    const pods = after.map((now, index) => difference(now, before[index]!));
    sayMeasured(`${what}: ${rate} requests a second`, {
      'sent a second': Math.round(sent / took),
      failed,
      'p99 ms': phases['steady']?.['all']?.p99,
      pods: pods.map(summary),
    });
    expect(failed).toBe(0);
    return { rate, pods };
  }
});

interface Measured {
  readonly rate: number;
  readonly pods: readonly PodUse[];
}

/** The mean of the busier service's pods, as the autoscaler takes it. */
function busiest({ pods }: Measured): number {
  const means = services.map((service) => {
    const own = pods.filter(({ pod }) => pod.startsWith(service));
    return own.reduce((sum, { millicores }) => sum + millicores, 0) / own.length;
  });
  return Math.max(...means);
}

interface PodUse {
  readonly pod: string;
  /** Thousandths of a CPU. */
  readonly millicores: number;
  /** Of a server the most that was resident, of the database what it holds now without the page cache. */
  readonly memoryMiB: number;
  readonly periods: number;
  readonly throttled: number;
}

const summary = ({ pod, millicores, memoryMiB, periods, throttled }: PodUse) =>
  `${pod.replace(/-[a-z0-9]+-[a-z0-9]+$/, '')} ${millicores}m ${memoryMiB} MiB ${throttled}/${periods} throttled`;

interface Reading {
  readonly pod: string;
  readonly atMs: number;
  readonly cpuMs: number;
  readonly memoryMiB: number;
  readonly periods: number;
  readonly throttled: number;
}

/** Files of the kernel, by cgroup v2 and by v1: a container sees those of the version that the node has. */
const program = [
  'grep VmHWM /proc/1/status',
  'cd /sys/fs/cgroup',
  'cat cpu.stat cpu/cpu.stat',
  'echo usage_ns $(cat cpuacct/cpuacct.usage)',
  'cat memory.stat memory/memory.stat',
  'true',
].join('; ');

async function usage(): Promise<readonly Reading[]> {
  const names = [...(await serversIn(namespace)).map(({ metadata: { name } }) => name), database];
  return Promise.all(
    names.map(async (pod) => {
      const text = await kubectl('exec', '-n', namespace, pod, '--', 'sh', '-c', `exec 2>/dev/null; ${program}`);
      const figure = (...names: readonly string[]) =>
        names.flatMap((name) => (new RegExp(`^${name}:?\\s+(\\d+)`, 'm').exec(text) ?? []).slice(1).map(Number))[0] ?? Number.NaN;
      return {
        pod,
        atMs: performance.now(),
        cpuMs: figure('usage_usec') / 1e3 || figure('usage_ns') / 1e6,
        // the database's processes share most of what each has resident
        memoryMiB: pod === database ? (figure('anon', 'rss') + figure('shmem')) / 2 ** 20 : figure('VmHWM') / 2 ** 10,
        periods: figure('nr_periods'),
        throttled: figure('nr_throttled'),
      };
    }),
  );
}

function difference(now: Reading, before: Reading): PodUse {
  return {
    pod: now.pod,
    millicores: Math.round((1_000 * (now.cpuMs - before.cpuMs)) / (now.atMs - before.atMs)),
    memoryMiB: Math.round(now.memoryMiB),
    periods: now.periods - before.periods,
    throttled: now.throttled - before.throttled,
  };
}

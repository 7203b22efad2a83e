import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { ServiceName } from '../services/service-kit/testing/databases';
import { eventually, inParallel } from '../services/service-kit/testing/load-client';
import type { ServiceProcess } from '../services/service-kit/testing/service-process';
import { openShop, type Shop } from '../services/service-kit/testing/shop';
import { storesUnderTest } from '../services/service-kit/testing/stores';
import { type Family, parseExposition } from './exposition';
import { monitoredSeries } from './monitored-series';
import { hasProgram } from './programs';

const root = resolve(__dirname, '..');
const run = promisify(execFile);
const services: readonly ServiceName[] = ['user-service', 'order-service'];

/** Different paths and ids that are asked for while the number of series must stand still. */
const PATHS = Number(process.env['METRIC_PATHS'] ?? 1_000);

// Elsewhere the process tells less of itself, and the page is about the services in their images.
const [onLinux, elsewhere] = process.platform === 'linux' ? [test, ''] : [test.skip, ' (skipped: needs Linux, where /proc tells of the process)'];

onLinux(
  `the committed pages on metrics and configuration are what the declarations say (npm run docs writes them)${elsewhere}`,
  async () => {
    await run(process.execPath, [join(root, 'scripts', 'metrics-docs.mjs'), '--check']);
  },
  60_000,
);

describe.each(storesUnderTest())('/metrics of services that had traffic, on %s', (kind) => {
  let shop: Shop;
  const pages = new Map<ServiceName, Map<string, Family>>();
  const texts = new Map<ServiceName, string>();

  beforeAll(async () => {
    shop = await openShop(kind);
    await drive(shop);
    await readPages();
  }, 60_000);
  afterAll(() => shop?.close());

  /** Asked twice, so that the page tells of itself too. */
  async function readPages(): Promise<void> {
    for (const name of services) {
      const { url } = name === 'user-service' ? shop.users : shop.orders;
      const read = async () => (await fetch(`${url}/metrics`)).text();
      await read();
      texts.set(name, await read());
      pages.set(name, parseExposition(texts.get(name)!));
    }
  }

  describe.each(services)('%s', (name) => {
    const family = (metric: string) => pages.get(name)!.get(metric)!;

    onLinux(`has every documented metric with its type, and no other${elsewhere}`, () => {
      const documented = documentedMetrics(name).map(({ metric, type }) => `${metric} ${type}`);
      expect([...pages.get(name)!].map(([metric, { type }]) => `${metric} ${type}`).sort()).toEqual(documented.sort());
    });

    test('has a sample of every metric of its own, with the documented labels and no other', () => {
      for (const { metric, labels, isOwn } of documentedMetrics(name)) {
        const samples = pages.get(name)!.get(metric)?.samples ?? [];
        if (isOwn) expect([metric, samples.length]).not.toEqual([metric, 0]);
        const used = new Set(samples.flatMap((sample) => Object.keys(sample.labels)).filter((label) => label !== 'le'));
        if (samples.length > 0) expect([metric, [...used].sort()]).toEqual([metric, [...labels].sort()]);
      }
    });

    test('counts each request once in the counter and once in the histogram', () => {
      const counted = family('http_requests_total').samples.map(({ labels, value }) => `${JSON.stringify(labels)} ${value}`);
      const timed = family('http_request_duration_seconds').samples.filter(({ name: sample }) => sample.endsWith('_count'));
      expect(counted.length).toBeGreaterThan(5);
      expect(timed.map(({ labels, value }) => `${JSON.stringify(labels)} ${value}`)).toEqual(counted);
    });

    test('has histograms whose buckets grow to their count', () => {
      for (const { metric, type } of documentedMetrics(name).filter((each) => each.type === 'histogram')) {
        expect(type).toBe('histogram');
        for (const values of bucketsOf(family(metric))) expect(values).toEqual([...values].sort((a, b) => a - b));
      }
    });

    const [tested, why] = hasProgram('promtool') ? [test, ''] : [test.skip, " (skipped: needs promtool, of Debian's package prometheus)"];
    tested(`satisfies promtool${why}`, async () => {
      const checking = run('promtool', ['check', 'metrics']);
      checking.child.stdin!.end(texts.get(name));
      const { stdout, stderr } = await checking;
      expect(stdout + stderr).toBe('');
    });
  });

  onLinux(`has every series that an alert or a dashboard is about, with the labels that it goes by${elsewhere}`, () => {
    const asked = monitoredSeries();
    const missing = asked.flatMap(({ services: about, name, labels }) =>
      about.flatMap((service) => {
        const samples = [...pages.get(service as ServiceName)!.values()].flatMap((each) => each.samples).filter((sample) => sample.name === name);
        const isThere = samples.some((sample) => labels.every((label) => label in sample.labels));
        return isThere ? [] : [`${service} has no ${name} with ${labels.join(', ') || 'any label'}`];
      }),
    );
    expect(missing).toEqual([]);
    expect(asked.every(({ services: about }) => about.length > 0)).toBe(true);
    expect(new Set(asked.map(({ name }) => name)).size).toBeGreaterThan(10);
  });

  test('tells how calls to the peer ended, and how often they were tried again', () => {
    const outcomes = pages
      .get('order-service')!
      .get('external_requests_total')!
      .samples.map(({ labels }) => labels['outcome']);
    expect(outcomes.sort()).toEqual(['not_found', 'ok', 'timeout']);
    const [retries] = pages.get('order-service')!.get('external_request_retries_total')!.samples;
    expect(retries!.value).toBeGreaterThanOrEqual(1);
  });

  test('agrees with the log: one order is one request line, one count and one id in both services', async () => {
    const user_id = await shop.signUp();
    const ids = { 'x-request-id': 'order-1', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
    const known = { request_id: 'order-1', trace_id: '0af7651916cd43dd8448eb211c80319c' };
    const before = { orders: await count(shop.orders, 'POST', '/orders', 201), users: await count(shop.users, 'GET', '/users/{id}', 200) };
    const reply = await shop.orderClient.call('POST', '/api/v1/orders', { body: { user_id, product_id: 'tea', quantity: 1 }, headers: ids });
    expect([reply.status, reply.headers['x-request-id']]).toEqual([201, 'order-1']);
    expect(await count(shop.orders, 'POST', '/orders', 201)).toBe(before.orders + 1);
    expect(await count(shop.users, 'GET', '/users/{id}', 200)).toBe(before.users + 1);
    const lines = ({ logs }: ServiceProcess) => logs.filter((line) => line['request_id'] === 'order-1' && line['msg'] === 'request');
    await eventually('both services have logged it', 5_000, () => Promise.resolve([shop.orders, shop.users].every((service) => lines(service).length > 0)));
    expect(lines(shop.orders)).toEqual([expect.objectContaining({ ...known, service: 'order-service', method: 'POST', route: '/orders', status: 201 })]);
    expect(lines(shop.users)).toEqual([expect.objectContaining({ ...known, service: 'user-service', method: 'GET', route: '/users/{id}', status: 200 })]);
  });

  test(`has no series more after ${PATHS} different paths, ids and queries`, async () => {
    const before = seriesOf(texts.get('order-service')!);
    const numbers = Array.from({ length: PATHS }, (_, i) => i + 1_000);
    await inParallel(numbers, 20, (i) =>
      shop.orderClient.call('GET', [`/orders/${i}`, `/no/${i}`, `/orders?user_id=${i}`, `/api/v1/orders/user/${i}`][i % 4]!),
    );
    await readPages();
    const added = seriesOf(texts.get('order-service')!).filter((series) => !before.includes(series));
    expect(added).toEqual([]);
  }, 60_000);
});

/** What `http_requests_total` says of one route. */
async function count({ url }: ServiceProcess, method: string, route: string, status: number): Promise<number> {
  const wanted = JSON.stringify({ method, route, status: String(status) });
  const samples = parseExposition(await (await fetch(`${url}/metrics`)).text()).get('http_requests_total')!.samples;
  return samples.find(({ labels }) => JSON.stringify(labels) === wanted)?.value ?? 0;
}

/** Every kind of traffic that a metric tells about: success and failure, writes and reads, calls to a peer that is there and to one that is silent. */
async function drive({ signUp, userClient, orderClient, users }: Shop): Promise<void> {
  const user_id = await signUp();
  const items = [{ product_id: 'tea', quantity: 2, price: 1.25 }];
  const order = (body: unknown, key = 'k') => orderClient.call('POST', '/api/v1/orders', { body, headers: { 'idempotency-key': key } });
  const { id } = (await order({ user_id, items })).body as { id: number };
  await order({ user_id, items });
  await order({ user_id: 999_999, items }, 'unknown-user');
  await order({ user_id, items: [] }, 'invalid');
  for (const path of ['/api/v1/orders', `/orders/${id}`, '/orders/9999', `/orders/user/${user_id}`, '/orders?user_id=1', '/nowhere', '/orders/x']) {
    await orderClient.call('GET', path);
  }
  await orderClient.call('PATCH', `/orders/${id}`, { body: { status: 'confirmed' } });
  await orderClient.call('DELETE', '/orders');
  for (const path of ['/api/v1/users', `/users/${user_id}`, '/users/9999', '/users/x', '/nowhere']) await userClient.call('GET', path);
  await userClient.call('PUT', `/users/${user_id}`, { body: { age: 40 } });
  await fetch(`${users.url}/users`, { method: 'PROPFIND' });
  await signUp();
  const late = await whileSilent(users, () => order({ user_id, items }, 'peer-is-away'));
  expect(late.status).toBe(503);
}

/** Runs some work while a service's process answers nothing. */
async function whileSilent<T>({ child }: Shop['users'], work: () => Promise<T>): Promise<T> {
  child.kill('SIGSTOP');
  try {
    return await work();
  } finally {
    child.kill('SIGCONT');
  }
}

interface DocumentedMetric {
  readonly metric: string;
  readonly type: string;
  readonly labels: readonly string[];
  /** Not one of the process's and Node.js' own. */
  readonly isOwn: boolean;
}

/** The rows of docs/metrics.md that are about a service. */
function documentedMetrics(name: ServiceName): DocumentedMetric[] {
  const sections = readFileSync(join(root, 'docs', 'metrics.md'), 'utf8')
    .split('\n## ')
    .slice(1);
  const titles = ['Every service', 'The process and Node.js', name, ...(name === 'order-service' ? ['Services that call another one'] : [])];
  return sections.flatMap((section) => {
    const title = section.slice(0, section.indexOf('\n'));
    const rows = section.matchAll(/^\| `(\w+)` \| (counter|gauge|histogram|summary) \| (.*?) \|/gm);
    if (!titles.includes(title)) return [];
    return [...rows].map(([, metric, type, labels]) => ({
      metric: metric!,
      type: type!,
      labels: [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label!),
      isOwn: title !== 'The process and Node.js',
    }));
  });
}

/** The cumulative bucket values of each series, its count at the end. */
function bucketsOf({ samples }: Family): number[][] {
  const isOfHistogram = ({ name }: { name: string }) => name.endsWith('_bucket') || name.endsWith('_count');
  const series = Map.groupBy(samples.filter(isOfHistogram), ({ labels: { le: _, ...labels } }) => JSON.stringify(labels));
  return [...series.values()].map((each) => each.map(({ value }) => value));
}

/** Every line's name and labels; Node.js' own are left out, whose kinds of handles come and go. */
function seriesOf(text: string): string[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('nodejs_'));
  return lines.map((line) => line.replace(/ \S+$/, ''));
}

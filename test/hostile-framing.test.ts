import { exchangeRaw, rawRequest } from '../services/service-kit/testing/raw-http';
import { framingCases } from './hostile-framing.cases';
import { faultsOf, startTargets, type TargetName, type Targets } from './hostile-targets';

jest.setTimeout(30_000);

describe.each(['user-service', 'order-service'] as const)('%s on the wire', (name: TargetName) => {
  let targets: Targets;

  beforeAll(async () => {
    targets = await startTargets();
  });
  afterAll(() => targets.close());

  it.each(framingCases)('survives $name, and never executes a request hidden behind it', async (one) => {
    const target = targets.all[name];
    const canary = target.canary();
    const bytes = one.bytes(target.collection);
    const message = Buffer.concat([typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, canary.bytes]);
    const exchange = await exchangeRaw(target.service.port, message, {
      timeoutMs: 1000,
      enough: one.mayServeNext ? 2 : Infinity,
      method: one.method ?? 'GET',
    });
    const { responses, ended } = exchange;
    const [first] = responses;
    expect(one.answers).toContain(first?.status ?? 'none');
    expect(responses.flatMap((response) => faultsOf(response, one.method))).toEqual([]);
    if (!one.mayServeNext) {
      expect(responses.length).toBeLessThanOrEqual(1);
      expect(ended).not.toBe('open');
      expect(await canary.sang()).toBe(false);
    }
    await target.expectAlive();
  });

  it('answers a request that arrives byte by byte', async () => {
    const target = targets.all[name];
    const bytes = rawRequest('POST', target.collection, ['Content-Type: application/json', 'Connection: close'], JSON.stringify(target.valid()));
    const parts = [...bytes].map((byte) => Buffer.of(byte));
    const { responses } = await exchangeRaw(target.service.port, parts, { pauseMs: 1 });
    expect(responses.map(({ status }) => status)).toEqual([201]);
  });

  it('answers a hundred requests sent at once on one connection, in order', async () => {
    const target = targets.all[name];
    const requests = Array.from({ length: 100 }, (_, i) => rawRequest('GET', target.collection, [`X-Request-Id: r${i}`]));
    const { responses } = await exchangeRaw(target.service.port, Buffer.concat(requests), { enough: 100 });
    expect(responses.map(({ headers }) => headers['x-request-id'])).toEqual(requests.map((_, i) => `r${i}`));
  });

  it.each([
    ['a body of 3 MiB', (path: string) => rawRequest('POST', path, ['Content-Type: application/json'], ' '.repeat(3 << 20)), 413],
    ['a head of 3 MiB', (path: string) => rawRequest('GET', path, [`X-Long: ${'a'.repeat(3 << 20)}`]), 431],
    ['101 header fields and a body of 3 MiB', (path: string) => rawRequest('POST', path, Array<string>(101).fill('X-A: b'), ' '.repeat(3 << 20)), 431],
    [
      'a body of 3 MiB to no path, on a connection that is to close',
      (path: string) => rawRequest('POST', `${path}/a/b`, ['Connection: close'], ' '.repeat(3 << 20)),
      404,
    ],
  ] as const)('answers before the end of %s, and resets nothing while the rest arrives', async (_what, request, status) => {
    const target = targets.all[name];
    const canary = target.canary();
    const bytes = request(target.collection);
    // The answer is there after the first part; a server that closed on it would reset the connection when the second arrives.
    const parts = [bytes.subarray(0, 40_000), bytes.subarray(40_000, 1 << 20), bytes.subarray(1 << 20), canary.bytes];
    const { responses, ended } = await exchangeRaw(target.service.port, parts, { pauseMs: 100, sendFirst: true });
    expect(responses.map((response) => response.status)).toEqual([status]);
    expect(ended).toBe('fin');
    expect(await canary.sang()).toBe(false);
  });

  it('lets go of a client that goes on sending after its answer', async () => {
    const target = targets.all[name];
    const head = rawRequest('POST', target.collection, ['Content-Type: application/json', 'Content-Length: 100000000']);
    const endless = Array.from({ length: 30 }, () => Buffer.alloc(1024, ' '));
    // Never reads, so it learns of the end by the reset that its sending meets.
    const { ended, elapsedMs } = await exchangeRaw(target.service.port, [head, ...endless], { pauseMs: 100, sendFirst: true, timeoutMs: 10_000 });
    expect(ended).toBe('reset');
    expect(elapsedMs).toBeLessThan(5_000);
    await target.expectAlive();
  });

  it('answers a client that has already sent its FIN', async () => {
    const target = targets.all[name];
    const { responses } = await exchangeRaw(target.service.port, rawRequest('GET', target.collection), { end: true });
    expect(responses.map(({ status }) => status)).toEqual([200]);
  });

  it('executes nothing of a request whose client leaves in the middle of its body', async () => {
    const target = targets.all[name];
    const canary = target.canary();
    for (const how of [true, false]) {
      await exchangeRaw(target.service.port, canary.bytes.subarray(0, -1), { end: how, timeoutMs: 200 });
    }
    expect(await canary.sang()).toBe(false);
    await target.expectAlive();
  });

  it.each(['GET', 'HEAD', 'DELETE', 'OPTIONS'])('takes what follows a %s with a length for its body, not for a request', async (method) => {
    const target = targets.all[name];
    const canary = target.canary();
    const path = method === 'DELETE' ? `${target.collection}/999999` : target.collection;
    const { responses } = await exchangeRaw(target.service.port, rawRequest(method, path, [], canary.bytes), { timeoutMs: 300, method });
    expect(responses.length).toBeLessThanOrEqual(1);
    expect(responses.flatMap((response) => faultsOf(response, method))).toEqual([]);
    expect(await canary.sang()).toBe(false);
  });

  it('asks for the body after Expect: 100-continue and then takes it', async () => {
    const target = targets.all[name];
    const bytes = rawRequest('POST', target.collection, ['Content-Type: application/json', 'Expect: 100-continue'], JSON.stringify(target.valid()));
    const bodyAt = bytes.indexOf('\r\n\r\n') + 4;
    const exchange = await exchangeRaw(target.service.port, [bytes.subarray(0, bodyAt), bytes.subarray(bodyAt)], { enough: 1, pauseMs: 200 });
    expect(exchange.bytes.toString()).toMatch(/^HTTP\/1\.1 100 Continue\r\n/);
    expect(exchange.responses.map(({ status }) => status)).toEqual([201]);
  });
});

it('knows at least 60 different hostile messages', () => {
  expect(new Set(framingCases.map(({ name }) => name)).size).toBe(framingCases.length);
  expect(framingCases.length).toBeGreaterThanOrEqual(60);
});

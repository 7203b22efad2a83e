import { gzipBomb, hugeJson, jsonAnswer, problemAnswer, startHttpStub, type HttpStub, type StubAnswer } from '../../service-kit/testing/http-stub';
import { eventually, sayMeasured } from '../../service-kit/testing/load-client';
import { forgetPeak, hasProcessFigures, peakResidentBytes, residentBytes } from '../../service-kit/testing/process-figures';
import { answeredWithinMs, callsOfRow, type FaultBench, oneTryMs, openFaultBench, type OrdersUnderFault, unexpected, width } from './fault-bench';

jest.setTimeout(60_000);

const unavailable = { status: 503, code: 'user_service_unavailable' };
const invalid = { status: 502, code: 'user_service_invalid_response' };
const notFound = { status: 404, code: 'user_not_found' };
const json = { 'content-type': 'application/json' };
const mebibyte = 1024 * 1024;

describe('order-service while user-service answers nonsense', () => {
  let bench: FaultBench;
  let stub: HttpStub;
  let elsewhere: HttpStub;
  let orders: OrdersUnderFault;
  let user: Readonly<Record<string, unknown>>;

  beforeAll(async () => {
    bench = await openFaultBench();
    user = { ...bench.user };
    elsewhere = await startHttpStub(jsonAnswer(200, user));
  });
  beforeEach(async () => {
    stub = await startHttpStub(jsonAnswer(200, user));
    orders = await bench.startOrders(stub.url);
    await orders.warmUp(bench.user.id);
  });
  afterEach(async () => {
    await orders.stop();
    await stub.close();
  });
  afterAll(async () => {
    await elsewhere.close();
    await bench.close();
  });

  /** One row: a lone call that shows the tries, then the others at once. */
  async function expectRow(
    answer: StubAnswer,
    expected: { readonly status: number; readonly code: string },
    { tries, withinMs, pooled = width }: { readonly tries: number; readonly withinMs: number; readonly pooled?: number },
  ): Promise<void> {
    const ordersBefore = await orders.countOrders();
    stub.answerWith(answer);
    stub.requests.length = 0;
    const lone = await orders.place(bench.user.id);
    expect(stub.requests).toHaveLength(tries);
    const others = await orders.placeMany(callsOfRow - 1, bench.user.id);
    expect(unexpected([lone, ...others], expected, withinMs)).toEqual([]);
    expect(stub.mostTries()).toBe(tries);
    expect(await orders.countOrders()).toBe(ordersBefore);
    await orders.socketsBack(pooled);
    expect(orders.service.child.exitCode).toBeNull();
  }

  it.each([500, 502, 503, 504])('answers 503 after at most 3 tries when user-service answers %i', async (status) => {
    await expectRow(problemAnswer(status, 'any', { 'retry-after': '3600' }), unavailable, { tries: 3, withinMs: answeredWithinMs });
  });

  it.each([{}, { 'retry-after': '3600' }, { 'retry-after': '0' }, { 'retry-after': 'soon' }])(
    'answers 503 after one try, with its own Retry-After, when user-service answers 429 with %j',
    async (headers) => {
      await expectRow(problemAnswer(429, 'rate_limited', headers), unavailable, { tries: 1, withinMs: oneTryMs });
    },
  );

  const contents: readonly (readonly [string, () => StubAnswer])[] = [
    ['malformed JSON', () => ({ headers: json, body: `{"id": ${bench.user.id}, nonsense}` })],
    ['truncated JSON', () => ({ headers: json, body: JSON.stringify(user).slice(0, -10) })],
    ['nothing', () => ({ headers: json, body: '' })],
    ['a page', () => ({ headers: { 'content-type': 'text/html' }, body: '<html>Welcome</html>' })],
    ['the user as text/html', () => ({ headers: { 'content-type': 'text/html' }, body: JSON.stringify(user) })],
    ['null', () => jsonAnswer(200, null)],
    ['a list', () => jsonAnswer(200, [user])],
    ['a string', () => jsonAnswer(200, 'user')],
    ['an empty object', () => jsonAnswer(200, {})],
    ['no id', () => jsonAnswer(200, { ...user, id: undefined })],
    ['the id as text', () => jsonAnswer(200, { ...user, id: String(bench.user.id) })],
    ['the id among prototypes', () => ({ headers: json, body: `{"__proto__": ${JSON.stringify(user)}}` })],
    ["another user's data", () => jsonAnswer(200, { ...user, id: bench.user.id + 1 })],
    ['bytes that are not UTF-8', () => ({ headers: json, body: Buffer.from('7b226964223a31ff7d', 'hex') })],
    ['plain text called gzip', () => jsonAnswer(200, user, { 'content-encoding': 'gzip' })],
  ];

  it.each(contents)('answers 502 after one try when user-service answers 200 and %s', async (_what, answer) => {
    await expectRow(answer(), invalid, { tries: 1, withinMs: oneTryMs });
  });

  const huge: readonly (readonly [string, () => StubAnswer])[] = [
    ['1 GiB of JSON', () => ({ headers: json, body: () => hugeJson(1024 * mebibyte) })],
    ['1 GiB of JSON with its length', () => ({ headers: { ...json, 'content-length': String(1024 * mebibyte + 18) }, body: () => hugeJson(1024 * mebibyte) })],
    ['a gzip bomb of 1 GiB', () => ({ headers: { ...json, 'content-encoding': 'gzip' }, body: gzipBomb(1024) })],
  ];

  (hasProcessFigures ? it : it.skip).each(huge)(
    'answers 502 and grows by less than 20 MiB when user-service answers %s (memory is read from /proc: Linux only)',
    async (what, answer) => {
      // Ordinary refusals first, so that what is measured is not the heap that any load would have grown.
      stub.answerWith(jsonAnswer(200, {}));
      await orders.placeMany(5 * callsOfRow, bench.user.id);
      const before = residentBytes(orders.service.pid);
      forgetPeak(orders.service.pid);
      await expectRow(answer(), invalid, { tries: 1, withinMs: oneTryMs, pooled: 0 });
      const grownMebibytes = (peakResidentBytes(orders.service.pid) - before) / mebibyte;
      sayMeasured(`user-service answers ${what}`, { calls: callsOfRow, grownMebibytes: Math.round(grownMebibytes) });
      expect(grownMebibytes).toBeLessThan(20);
    },
  );

  it.each([301, 302, 303, 307, 308])('answers 502 and asks nobody else when user-service answers %i elsewhere', async (status) => {
    const location = `${elsewhere.url}/api/v1/users/${bench.user.id}`;
    await expectRow({ status, headers: { location } }, invalid, { tries: 1, withinMs: oneTryMs });
    expect(elsewhere.requests).toHaveLength(0);
  });

  it("answers 404 when user-service's own problem says that there is no such user", async () => {
    await expectRow(problemAnswer(404, 'user_not_found'), notFound, { tries: 1, withinMs: oneTryMs });
  });

  const foreign: readonly (readonly [string, () => StubAnswer])[] = [
    ...[201, 202, 203, 206].map((status) => [`${status} and the user`, () => jsonAnswer(status, user)] as const),
    ['204', () => ({ status: 204 })],
    ...[400, 401, 403, 405, 406, 408, 409, 410, 418, 422, 431, 451].map((status) => [`${status}`, () => problemAnswer(status, 'any')] as const),
    ['400 with the code user_not_found', () => problemAnswer(400, 'user_not_found')],
    ['404 of a page', () => ({ status: 404, headers: { 'content-type': 'text/html' }, body: '<h1>user_not_found</h1>' })],
    ['404 without a body', () => ({ status: 404 })],
    ['404 of an unknown route', () => problemAnswer(404, 'not_found')],
    ['404 with malformed JSON', () => ({ status: 404, headers: json, body: '{"code":"user_not_found"' })],
  ];

  it.each(foreign)('answers 502 and logs a configuration error when user-service answers %s', async (_what, answer) => {
    await expectRow(answer(), invalid, { tries: 1, withinMs: oneTryMs });
    // Log lines are written in pieces, so the last ones come a moment after the answer.
    await eventually('an error that speaks of the configuration', 5000, () => Promise.resolve(orders.service.logs.some(isConfigurationError)));
  });

  it('answers 502 or 503 in time, and writes nothing, when user-service does not speak HTTP', async () => {
    const ordersBefore = await orders.countOrders();
    for (const raw of ['SSH-2.0-OpenSSH_9.2\r\n', 'HTTP/1.1 999 Nonsense\r\n\r\n', '\0'.repeat(100), 'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}']) {
      stub.answerWith({ raw });
      const results = await orders.placeMany(callsOfRow / 4, bench.user.id);
      expect([...new Set(results.map(({ status }) => status))].filter((status) => status !== 502 && status !== 503)).toEqual([]);
      expect(Math.max(...results.map(({ ms }) => ms))).toBeLessThan(answeredWithinMs);
    }
    expect(await orders.countOrders()).toBe(ordersBefore);
    await orders.socketsBack();
  });

  it('never puts what user-service said, or where it is, into its answer', async () => {
    stub.answerWith({ status: 400, headers: json, body: '{"code":"x","detail":"secret-of-the-peer"}' });
    const reply = await orders.place(bench.user.id);
    expect(JSON.stringify(reply.body)).not.toMatch(/secret-of-the-peer|127\.0\.0\.1/);
  });
});

function isConfigurationError({ level, msg }: Record<string, unknown>): boolean {
  return level === 'error' && String(msg).startsWith('configuration error');
}

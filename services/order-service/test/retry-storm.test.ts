import { problemAnswer, jsonAnswer, startHttpStub } from '../../service-kit/testing/http-stub';
import { eventually, type Reply, sayMeasured } from '../../service-kit/testing/load-client';
import { answeredWithinMs, type FaultBench, isHonest503, openFaultBench, type OrdersUnderFault, width } from './fault-bench';

jest.setTimeout(120_000);

/** Calls of each storm: reliability is promised for ten thousand, and the breaker makes them cheap. */
const calls = 10_000;

/** Most tries a call: the retry budget's 20 %, and its reserve of 2 a second. */
const mostTriesPerCall = 1.25;

/** Longest time from user-service's return to the first order accepted. */
const healedWithinMs = 10_000;

describe('order-service in a storm of calls', () => {
  let bench: FaultBench;
  let orders: OrdersUnderFault;

  beforeEach(async () => {
    bench = await openFaultBench();
  });
  afterEach(async () => {
    await orders.stop();
    await bench.close();
  });

  const storm = () => orders.placeMany(calls, bench.user.id, 2 * width);

  function expectHonest503s(results: readonly Reply[]): void {
    expect(results.filter((result) => !isHonest503(result)).slice(0, 3)).toEqual([]);
    expect(Math.max(...results.map(({ ms }) => ms))).toBeLessThan(answeredWithinMs);
  }

  /** By the service's own metrics; one call was made before the storm. */
  async function countedTriesPerCall(): Promise<number> {
    const { calls: counted, retries, rejected } = await orders.tries();
    expect(counted).toBe(calls + 1);
    return (counted - rejected + retries) / calls;
  }

  /** Orders keep coming while the service heals. */
  async function expectHealed(): Promise<number> {
    return eventually('20 orders accepted in a row', healedWithinMs, async () => {
      const results = await orders.placeMany(20, bench.user.id, 5);
      return results.every(({ status }) => status === 201);
    });
  }

  it('tries a user-service that is down at most 1.25 times a call, and is healthy within 10 s of its return', async () => {
    orders = await bench.startOrders();
    expect((await orders.place(bench.user.id)).status).toBe(201);
    bench.proxy.forget();
    await bench.proxy.set({ kind: 'reset', at: 'accept' });
    expectHonest503s(await storm());
    // Each try is a connection, as none survives: the proxy's count and the service's own.
    const seenPerCall = bench.proxy.connections / calls;
    const triesPerCall = await countedTriesPerCall();
    expect(seenPerCall).toBeGreaterThan(0);
    expect(Math.max(seenPerCall, triesPerCall)).toBeLessThanOrEqual(mostTriesPerCall);
    await bench.proxy.set({ kind: 'none' });
    const healedMs = await expectHealed();
    sayMeasured('user-service resets every connection', { calls, seenPerCall, triesPerCall, healedMs });
    expect(orders.service.child.exitCode).toBeNull();
  });

  it('does the same when the process of user-service is killed and started again', async () => {
    orders = await bench.startOrders(bench.usersUrl);
    expect((await orders.place(bench.user.id)).status).toBe(201);
    await bench.killUsers();
    expectHonest503s(await storm());
    const triesPerCall = await countedTriesPerCall();
    expect(triesPerCall).toBeLessThanOrEqual(mostTriesPerCall);
    await bench.startUsers();
    sayMeasured('user-service is killed', { calls, triesPerCall, healedMs: await expectHealed() });
  });

  it('keeps the retry budget while every third try fails, which opens no breaker', async () => {
    let tried = 0;
    const stub = await startHttpStub(() => (++tried % 3 === 0 ? problemAnswer(503, 'overloaded') : jsonAnswer(200, bench.user)));
    orders = await bench.startOrders(stub.url);
    const results = await storm();
    expect(results.filter((result) => result.status !== 201 && !isHonest503(result)).slice(0, 3)).toEqual([]);
    const { rejected } = await orders.tries();
    expect(rejected).toBeLessThan(calls / 2);
    expect(tried / (calls - rejected)).toBeGreaterThan(1.1);
    expect(tried / calls).toBeLessThanOrEqual(mostTriesPerCall);
    sayMeasured('every third try fails', { calls, triesPerCall: tried / calls, rejected });
    await stub.close();
  });
});

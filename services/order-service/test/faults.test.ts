import { startBlackHole } from '../../service-kit/testing/black-hole';
import type { ProxyFault } from '../../service-kit/testing/fault-proxy';
import { answeredWithinMs, callsOfRow, type FaultBench, isHonest503, openFaultBench, type OrdersUnderFault, unexpected, width } from './fault-bench';

jest.setTimeout(60_000);

const unavailable = { status: 503, code: 'user_service_unavailable' };

describe('order-service while the way to user-service is broken', () => {
  let bench: FaultBench;
  let orders: OrdersUnderFault;

  beforeAll(async () => {
    bench = await openFaultBench();
  });
  afterEach(async () => {
    await bench.proxy.set({ kind: 'none' });
    await orders.stop();
  });
  afterAll(() => bench.close());

  const rows: readonly (readonly [string, ProxyFault])[] = [
    ['refuses connections', { kind: 'refuse' }],
    ['resets connections as it accepts them', { kind: 'reset', at: 'accept' }],
    ['resets inside the headers', { kind: 'reset', at: 'headers' }],
    ['resets inside the body', { kind: 'reset', at: 'body' }],
    ['ends the connection inside the headers', { kind: 'end', at: 'headers' }],
    ['ends the connection inside the body', { kind: 'end', at: 'body' }],
    ['accepts and stays silent', { kind: 'silence' }],
    ['drips one byte a second', { kind: 'drip', from: 'headers' }],
    ['drips its body one byte a second', { kind: 'drip', from: 'body' }],
    ['has vanished without a FIN', { kind: 'vanish', scope: 'all' }],
  ];

  it.each(rows)('answers 503 and Retry-After in time and writes nothing when user-service %s', async (_what, fault) => {
    orders = await bench.startOrders();
    await orders.warmUp(bench.user.id);
    const ordersBefore = await orders.countOrders();
    const triesBefore = await orders.tries();
    bench.proxy.forget();
    await bench.proxy.set(fault);

    // Alone first: the breaker is closed and the retry budget full, so all the tries there may be are seen.
    const lone = await orders.place(bench.user.id);
    const { retries } = await orders.tries();
    expect(retries - triesBefore.retries).toBeGreaterThanOrEqual(1);
    expect(retries - triesBefore.retries).toBeLessThanOrEqual(2);
    const others = await orders.placeMany(callsOfRow - 1, bench.user.id);

    expect(unexpected([lone, ...others], unavailable)).toEqual([]);
    expect(Math.max(0, ...bench.proxy.triesByRequestId.values())).toBeLessThanOrEqual(3);
    await bench.proxy.set({ kind: 'none' });
    expect(await orders.countOrders()).toBe(ordersBefore);
    await orders.socketsBack();
    expect(orders.service.child.exitCode).toBeNull();
  });

  it('answers 503 and Retry-After when user-service has no DNS name', async () => {
    orders = await bench.startOrders('http://user-service.invalid:8000');
    const results = await orders.placeMany(callsOfRow, bench.user.id);
    expect(unexpected(results, unavailable)).toEqual([]);
    expect(await orders.countOrders()).toBe(0);
    await expectTriesAtMost(3);
  });

  it('answers 503 and Retry-After when packets to user-service are dropped, so that connecting hangs', async () => {
    const hole = await startBlackHole();
    orders = await bench.startOrders(hole.url);
    const results = await orders.placeMany(callsOfRow, bench.user.id);
    expect(unexpected(results, unavailable)).toEqual([]);
    expect(await orders.countOrders()).toBe(0);
    await expectTriesAtMost(3);
    await hole.close();
  });

  it('answers 201 on a new connection, or 503, when only its idle connections have vanished', async () => {
    orders = await bench.startOrders();
    await orders.warmUp(bench.user.id);
    const ordersBefore = await orders.countOrders();
    bench.proxy.forget();
    await bench.proxy.set({ kind: 'vanish', scope: 'pooled' });
    const results = await orders.placeMany(callsOfRow, bench.user.id);
    const created = results.filter(({ status }) => status === 201);
    expect(results.filter((result) => result.status !== 201 && !isHonest503(result))).toEqual([]);
    expect(Math.max(...results.map(({ ms }) => ms))).toBeLessThan(answeredWithinMs);
    expect(created.length).toBeGreaterThan(0);
    expect(await orders.countOrders()).toBe(ordersBefore + created.length);
    expect(Math.max(...bench.proxy.triesByRequestId.values())).toBeLessThanOrEqual(3);
    await orders.socketsBack(width);
  });

  async function expectTriesAtMost(most: number): Promise<void> {
    const { calls, retries, rejected } = await orders.tries();
    expect(calls).toBe(callsOfRow);
    expect(calls - rejected).toBeGreaterThan(0);
    expect(retries).toBeLessThanOrEqual((calls - rejected) * (most - 1));
  }
});

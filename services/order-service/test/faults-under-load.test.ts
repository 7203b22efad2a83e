import { setTimeout as sleep } from 'node:timers/promises';
import { maximumCalls } from '../../service-kit/src/peer/peer-client';
import { eventually, percentile, type Reply, sayMeasured } from '../../service-kit/testing/load-client';
import { atRate } from '../../service-kit/testing/pacing';
import { answeredWithinMs, answerMs, type FaultBench, full, isHonest503, openFaultBench, type OrdersUnderFault } from './fault-bench';

/** How long user-service flaps, and how often healthy and slow spells take turns: longer with BERTH_FULL=1. */
const flapMs = full ? 60_000 : 8_000;
const turns = full ? 8 : 3;
const spellMs = 3_000;

/** Orders a second that keep three times the bulkhead's size of 0.7 s calls under way, so that two thirds must be shed. */
const ordersPerSecond = (3 * maximumCalls) / 0.7;

/**
 * Below this a percentile says more about the machine's scheduler than about the service: two busy cores
 * make single requests wait for several milliseconds.
 * A read that did wait for a slow call would wait hundreds of milliseconds, so 25 hide nothing of that.
 */
const noiseMs = 25;

jest.setTimeout(120_000 + flapMs);

describe('order-service under load while user-service is unsteady', () => {
  let bench: FaultBench;
  let orders: OrdersUnderFault;

  beforeAll(async () => {
    bench = await openFaultBench();
  });
  beforeEach(async () => {
    orders = await bench.startOrders();
    await orders.warmUp(bench.user.id);
  });
  afterEach(async () => {
    await bench.proxy.set({ kind: 'none' });
    await orders.stop();
  });
  afterAll(() => bench.close());

  const readOrders = () => orders.client.call('GET', '/api/v1/orders?limit=20');

  it('answers only 201 or a fast 503 while user-service flaps, and every 201 is one order', async () => {
    const ordersBefore = await orders.countOrders();
    const healthy = await shopWhile(sleep(spellMs));
    const flapping = await shopWhile(bench.proxy.flap(200, 200, flapMs));
    const placed = [...healthy.placed, ...flapping.placed];
    const created = placed.filter(({ status }) => status === 201).length;
    const slowestMs = Math.round(Math.max(...placed.map(({ ms }) => ms)));
    const [beside, during] = [percentile(healthy.readMs, 0.99), percentile(flapping.readMs, 0.99)];
    sayMeasured('user-service flaps', { flapMs, calls: placed.length, created, slowestMs, readP99Ms: during, besideHealthyMs: beside });
    expect(placed.filter((reply) => reply.status !== 201 && !isHonest503(reply))).toEqual([]);
    expect(slowestMs).toBeLessThan(answeredWithinMs);
    expect(created).toBeGreaterThan(healthy.placed.length);
    expect(created).toBeLessThan(placed.length);
    expect(await orders.countOrders()).toBe(ordersBefore + created);
    expect(during).toBeLessThan(2 * Math.max(beside, noiseMs));
    await eventually('an order is accepted again', 10_000, async () => (await orders.place(bench.user.id)).status === 201);
    await orders.socketsBack(maximumCalls);
  });

  it('answers 201 or a fast 503 at three times the bulkhead of slow calls, and GET /orders stays as fast as beside healthy ones', async () => {
    const ordersBefore = await orders.countOrders();
    bench.proxy.forget();
    const healthy: Reply[] = [];
    const slow: Reply[] = [];
    // One 99th percentile a spell: a read that waits for a slow call waits in every slow spell, a stall of the machine strikes one.
    const readP99s = { healthy: [] as number[], slow: [] as number[] };
    // Healthy and slow spells take turns, at the same rate of orders: what else the machine does strikes both alike.
    for (let turn = 0; turn < turns; turn++) {
      await bench.proxy.set({ kind: 'none' });
      readP99s.healthy.push(await spell(healthy));
      await bench.proxy.set({ kind: 'latency', delayMs: 700, jitterMs: 300 });
      readP99s.slow.push(await spell(slow));
    }
    const created = [...healthy, ...slow].filter(({ status }) => status === 201).length;
    const slowestMs = Math.round(Math.max(...slow.map(({ ms }) => ms)));
    // The slowest answer of a healthy spell waited for nothing but this machine: on a quiet one that is far below 200 ms.
    const machineMs = Math.round(Math.max(...healthy.map(({ ms }) => ms)));
    const [beside, during] = [percentile(readP99s.healthy, 0.5), percentile(readP99s.slow, 0.5)];
    sayMeasured('user-service is slow', { calls: slow.length, slowestMs, machineMs, readP99Ms: during, besideHealthyMs: beside });
    expect([...healthy, ...slow].filter((result) => result.status !== 201 && !isHonest503(result))).toEqual([]);
    expect(slowestMs).toBeLessThan(answeredWithinMs + Math.max(0, machineMs - answerMs));
    expect(slow.filter(({ status }) => status === 201).length).toBeGreaterThan(0);
    expect(slow.filter(({ status }) => status === 503).length).toBeGreaterThan(0);
    expect(await orders.countOrders()).toBe(ordersBefore + created);
    // The bulkhead's calls, and the readiness check's one.
    expect(bench.proxy.mostOpen).toBeLessThanOrEqual(maximumCalls + 1);
    expect((await orders.tries()).rejected).toBeGreaterThan(0);
    expect(during).toBeLessThan(2 * Math.max(beside, noiseMs));
    await orders.socketsBack(maximumCalls);
  });

  /** Twenty shoppers, each with a pause after each order, and a reader beside them, until `over`. */
  async function shopWhile(over: Promise<void>): Promise<{ readonly placed: readonly Reply[]; readonly readMs: readonly number[] }> {
    const placed: Reply[] = [];
    const reads: Reply[] = [];
    let going = true;
    const repeat = async (into: Reply[], pauseMs: number, act: () => Promise<Reply>) => {
      for (; going; await sleep(pauseMs)) into.push(await act());
    };
    const shoppers = Array.from({ length: 20 }, () => repeat(placed, 50, () => orders.place(bench.user.id)));
    const reader = repeat(reads, 10, readOrders);
    await over;
    going = false;
    await Promise.all([...shoppers, reader]);
    expect(reads.filter(({ status }) => status !== 200)).toEqual([]);
    return { placed, readMs: reads.map(({ ms }) => ms) };
  }

  /** Orders and reads at their rates for a while. @returns the reads' 99th percentile in milliseconds */
  async function spell(placed: Reply[]): Promise<number> {
    const [results, reads] = await Promise.all([atRate(ordersPerSecond, spellMs, () => orders.place(bench.user.id)), atRate(50, spellMs, readOrders)]);
    placed.push(...results);
    expect(reads.filter(({ status }) => status !== 200)).toEqual([]);
    return percentile(
      reads.map(({ ms }) => ms),
      0.99,
    );
  }
});

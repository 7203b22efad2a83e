import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { percentile, sayMeasured } from '../services/service-kit/testing/load-client';
import { parseResponses } from '../services/service-kit/testing/raw-http';
import { faultsOf, startTargets, type Target, type Targets } from './hostile-targets';

/** Connections of one attack on one service, each sending one byte a second. */
const attackers = 500;

/** The servers' `headersTimeout` and `connectionsCheckingInterval`, and a second for 1,000 sockets on a busy machine. */
const headersWithinMs = 10_000 + 2_000 + 1_000;

/** The same with `requestTimeout`, for a body that never comes to its end. */
const bodyWithinMs = 30_000 + 2_000 + 1_000;

/**
 * Attacks until the bound is seen to hold. What else the machine does only ever adds to a percentile, now to this spell and
 * now to that, while the attack's own cost is in every attack: so the best attacked spell is compared with the best quiet one.
 */
const mostRounds = 5;

/** An attack lasts until its sockets are shut; there is half as long of quiet on either side of it. */
const attackMs = 12_000;
const readsPerSecond = 100;

/**
 * Below this a percentile says more about the machine's scheduler than about the service: two busy cores
 * make single requests wait for several milliseconds.
 */
const noiseMs = 5;

jest.setTimeout(240_000);

describe('slow senders', () => {
  let targets: Targets;
  let both: readonly Target[];

  beforeAll(async () => {
    targets = await startTargets();
    both = Object.values(targets.all);
  });
  afterAll(() => targets.close());

  it('are shut off in time, 500 at each service, while good requests take at most twice as long', async () => {
    const reader = new Worker(join(__dirname, 'steady-reader.mts'), {
      workerData: { urls: await Promise.all(both.map(createOne)), perSecond: readsPerSecond * both.length },
    });
    const spell = async (ms: number) => {
      reader.postMessage('take');
      await once(reader, 'message');
      await sleep(ms);
      reader.postMessage('take');
      const [times] = (await once(reader, 'message')) as [number[][]];
      expect(times.flat().filter(Number.isNaN)).toEqual([]);
      return times;
    };
    const best = both.map(() => ({ quiet: Infinity, attacked: Infinity }));
    const holds = () => best.every(({ quiet, attacked }) => attacked < 2 * Math.max(quiet, noiseMs));
    await spell(1000);
    const slowBodies = both.map((target) => attack(target, 20, slowBody));
    for (let round = 0; round < mostRounds && !holds(); round++) {
      const before = await spell(attackMs / 2);
      const attacks = both.map((target) => attack(target, attackers, slowHeaders));
      const during = await spell(attackMs);
      for (const shut of await Promise.all(attacks)) expectShut(shut, headersWithinMs);
      const after = await spell(attackMs / 2);
      best.forEach((one, i) => {
        one.quiet = Math.min(one.quiet, percentile([...before[i]!, ...after[i]!], 0.99));
        one.attacked = Math.min(one.attacked, percentile(during[i]!, 0.99));
      });
    }
    reader.postMessage('stop');
    for (const shut of await Promise.all(slowBodies)) expectShut(shut, bodyWithinMs);
    sayMeasured(`${attackers} slow senders at each of ${both.map(({ name }) => name).join(' and ')}`, { readP99Ms: best });
    for (const { quiet, attacked } of best) expect(attacked).toBeLessThan(2 * Math.max(quiet, noiseMs));
    for (const target of both) await target.expectAlive();
  });

  it('that read nothing of a large list are no hindrance either', async () => {
    for (const target of both) {
      const deaf = Array.from({ length: 50 }, () =>
        connect(target.service.port, '127.0.0.1')
          .on('error', () => undefined)
          .pause(),
      );
      for (const socket of deaf) socket.write(`GET ${target.collection}?limit=100 HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(50));
      await sleep(500);
      const { ms, status } = await target.client.call('GET', target.collection);
      expect(status).toBe(200);
      expect(ms).toBeLessThan(1000);
      for (const socket of deaf) socket.destroy();
      await target.expectAlive();
    }
  });
});

interface Shut {
  /** From the connection to its end; `Infinity` where the service never ended it. */
  readonly afterMs: number;
  readonly received: Buffer;
}

type Slow = (target: Target) => { readonly first: string; readonly drip: string };

const slowHeaders: Slow = ({ collection }) => ({ first: `GET ${collection} HTTP/1.1\r\nHost: a\r\nX-Slow: `, drip: 'a' });
const slowBody: Slow = ({ collection }) => ({
  first: `POST ${collection} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n`,
  drip: ' ',
});

/** Opens `count` connections and lets each send one byte a second until it is shut, or 5 s past the longest bound. */
async function attack(target: Target, count: number, slow: Slow): Promise<Shut[]> {
  return Promise.all(Array.from({ length: count }, () => sendSlowly(target, slow(target))));
}

function sendSlowly({ service }: Target, { first, drip }: { readonly first: string; readonly drip: string }): Promise<Shut> {
  const socket: Socket = connect(service.port, '127.0.0.1');
  const received: Buffer[] = [];
  const startedAtMs = performance.now();
  socket.on('data', (bytes) => received.push(bytes));
  socket.write(first);
  const dripping = setInterval(() => socket.write(drip), 1000);
  return new Promise((resolve) => {
    const over = (afterMs: number) => {
      clearInterval(dripping);
      clearTimeout(giveUp);
      socket.destroy();
      resolve({ afterMs, received: Buffer.concat(received) });
    };
    const giveUp = setTimeout(over, bodyWithinMs + 5000, Infinity);
    socket
      .on('error', () => undefined)
      .on('close', () => {
        over(performance.now() - startedAtMs);
      });
  });
}

function expectShut(shut: readonly Shut[], withinMs: number): void {
  expect(Math.max(...shut.map(({ afterMs }) => afterMs))).toBeLessThan(withinMs);
  const answers = shut.flatMap(({ received }) => parseResponses(received));
  expect(answers.flatMap((answer) => faultsOf(answer))).toEqual([]);
  expect([...new Set(answers.map(({ status }) => status))].filter((status) => status !== 408)).toEqual([]);
}

/** Creates one row and gives its URL. */
async function createOne(target: Target): Promise<string> {
  const reply = await target.client.call('POST', target.collection, { body: target.valid() });
  return `${target.service.url}${target.collection}/${(reply.body as { id: number }).id}`;
}

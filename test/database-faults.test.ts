import { setTimeout as sleep } from 'node:timers/promises';
import {
  ANSWERED_WITHIN_MS,
  type ApiSubject,
  expectNothingLost,
  expectUnavailable,
  HEALED_WITHIN_MS,
  isHealed,
  sendCall,
  startOrders,
  startUsers,
  tooLate,
  writeSome,
} from '../services/service-kit/testing/api-subject';
import { type Databases, openDatabases } from '../services/service-kit/testing/databases';
import { FaultProxy } from '../services/service-kit/testing/fault-proxy';
import { createLoadClient, eventually, inParallel, percentile, type Reply, sayMeasured, tally } from '../services/service-kit/testing/load-client';
import { type ServiceProcess, startService } from '../services/service-kit/testing/service-process';
import { storesUnderTest } from '../services/service-kit/testing/stores';

/** A liveness probe's share: far below its usual timeout of 1 s. */
const LIVE_WITHIN_MS = 500;

const onPostgres = storesUnderTest().includes('postgres');
const title = onPostgres ? 'when PostgreSQL is away' : 'when PostgreSQL is away (skipped: run with TEST_STORES=postgres and PostgreSQL on the machine)';

(onPostgres ? describe : describe.skip)(title, () => {
  let databases: Databases;
  let subjects: ApiSubject[];
  let peer: ServiceProcess;

  beforeAll(async () => {
    databases = await openDatabases('postgres');
    peer = await startService('user-service', { LOG_LEVEL: 'warn' });
    const buyer = createLoadClient(peer.url);
    await buyer.call('POST', '/api/v1/users', { body: { email: 'buyer@example.com', name: 'Buyer' } });
    buyer.close();
    subjects = [await startUsers(databases), await startOrders(databases, peer.url)];
  }, 60_000);
  afterEach(async () => {
    await databases.server?.resume();
    await databases.server?.start();
  });
  afterAll(async () => {
    for (const { client, process } of subjects ?? []) {
      client.close();
      await process.kill();
    }
    await peer?.kill();
    await databases?.dispose();
  }, 30_000);

  const outages: Outage[] = [
    { name: 'stopped', begin: (server) => server.stop(), end: (server) => server.start() },
    { name: 'crashed', begin: (server) => server.stop('immediate'), end: (server) => server.start() },
    { name: 'silent (SIGSTOP)', begin: (server) => server.pause(), end: (server) => server.resume() },
  ];

  test.each(outages)(
    '$name: 503 within 2.2 s on every call, not ready, live, and healed within 10 s of its return',
    async (outage) => {
      const server = databases.server!;
      for (const subject of subjects) await writeSome(subject, 20);
      await outage.begin(server);
      for (const subject of subjects) {
        const replies: Reply[] = [];
        for (let round = 0; round < 2; round++) replies.push(...(await inParallel(subject.calls(), 100, (call) => sendCall(subject, call))));
        replies.push(...(await inParallel(Array.from({ length: 100 }), 50, () => subject.client.call('GET', subject.calls()[1]![1]))));
        replies.forEach(expectUnavailable);
        expect(tooLate(replies)).toEqual([]);
        await eventually(`${subject.name} is not ready`, ANSWERED_WITHIN_MS, async () => (await subject.client.call('GET', '/health/ready')).status === 503);
        const ready = await subject.client.call('GET', '/health/ready');
        expect([ready.status, ready.body.status]).toEqual([503, 'unavailable']);
        expect(ready.ms).toBeLessThan(ANSWERED_WITHIN_MS);
        await expectLive(subject);
        sayMeasured(`database ${outage.name}, ${subject.name}`, {
          calls: replies.length,
          slowestMs: percentile(
            replies.map((reply) => reply.ms),
            1,
          ),
          readyMs: Math.round(ready.ms),
        });
      }
      await outage.end(server);
      const healed = await Promise.all(subjects.map((subject) => eventually(`${subject.name} is healed`, HEALED_WITHIN_MS, () => isHealed(subject))));
      for (const subject of subjects) await expectNothingLost(subject);
      sayMeasured(`database back after ${outage.name}`, { healedMs: healed });
    },
    90_000,
  );

  test('under load through three outages only 201 and 503 are answered, none late, and nothing acknowledged is lost', async () => {
    const server = databases.server!;
    const running = subjects.map((subject) => keepWriting(subject));
    const startedAs = subjects.map((subject) => subject.process.pid);
    for (const outage of outages) {
      await sleep(500);
      await outage.begin(server);
      await sleep(2_500);
      await outage.end(server);
      await Promise.all(
        subjects.map((subject) =>
          eventually(`${subject.name} is healed after ${outage.name} (exit code ${subject.process.child.exitCode})`, HEALED_WITHIN_MS, () => isHealed(subject)),
        ),
      );
    }
    for (const [index, writer] of running.entries()) {
      const replies = await writer.stop();
      const subject = subjects[index]!;
      expect([subject.process.pid, subject.process.child.exitCode]).toEqual([startedAs[index], null]);
      expect(replies.filter((reply) => ![201, 503].includes(reply.status))).toEqual([]);
      expect(tooLate(replies)).toEqual([]);
      await expectNothingLost(subject);
      sayMeasured(`three outages under load, ${subject.name}`, {
        answers: tally(replies.map((reply) => reply.status)),
        slowestMs: percentile(
          replies.map((reply) => reply.ms),
          1,
        ),
      });
    }
  }, 90_000);

  test.each(outages)(
    'started while the database is $name, a service is live, not ready, and becomes ready by itself',
    async (outage) => {
      const server = databases.server!;
      const env = { ...(await databases.fresh('user-service')), LOG_LEVEL: 'warn' };
      await outage.begin(server);
      const process = await startService('user-service', env, { waitReady: false });
      const client = createLoadClient(process.url);
      try {
        await eventually('it is live', 5_000, async () => (await client.call('GET', '/health/live')).status === 200);
        expect((await client.call('GET', '/health/ready')).status).toBe(503);
        const early = await client.call('GET', '/api/v1/users');
        expect(early.status).toBe(503);
        expect(early.ms).toBeLessThan(ANSWERED_WITHIN_MS);
        await outage.end(server);
        const readyAfterMs = await eventually('it is ready', HEALED_WITHIN_MS, async () => (await client.call('GET', '/health/ready')).status === 200);
        expect((await client.call('POST', '/api/v1/users', { body: { email: 'late@example.com', name: 'Late' } })).status).toBe(201);
        sayMeasured(`started while the database is ${outage.name}`, { readyAfterMs });
      } finally {
        client.close();
        await process.kill();
      }
    },
    60_000,
  );

  test('connections that vanish without a word, as in a failover, are replaced: healed within 10 s', async () => {
    const server = databases.server!;
    const proxy = await FaultProxy.start(server.port);
    const url = (await server.createDatabase()).replace(`:${server.port}/`, `:${new URL(proxy.url).port}/`);
    const subject = await startUsers(databases, { DATABASE_URL: url });
    try {
      await writeSome(subject, 20);
      await inParallel(subject.calls(), 10, (call) => sendCall(subject, call));
      await proxy.set({ kind: 'vanish', scope: 'pooled' });
      const replies = await inParallel([...subject.calls(), ...subject.calls(), ...subject.calls()], 10, (call) => sendCall(subject, call));
      expect(tooLate(replies)).toEqual([]);
      const reads = Array.from({ length: 20 }, () => ['GET', `${subject.path}/2`] as const);
      const allReads = async () => (await inParallel(reads, 20, (call) => sendCall(subject, call))).every((reply) => reply.status === 200);
      const healedMs = await eventually('it is healed', HEALED_WITHIN_MS, async () => (await isHealed(subject)) && (await allReads()));
      sayMeasured('database connections vanished', { answersMeanwhile: tally(replies.map((reply) => reply.status)), healedMs });
    } finally {
      subject.client.close();
      await subject.process.kill();
      await proxy.close();
    }
  }, 60_000);

  test.each(outages)(
    'SIGTERM while the database is $name ends a service all the same, within 5 s',
    async (outage) => {
      const server = databases.server!;
      const subject = await startUsers(databases);
      await inParallel(subject.calls(), 10, (call) => sendCall(subject, call));
      await outage.begin(server);
      try {
        const startedAt = performance.now();
        const code = await Promise.race([subject.process.stop(), sleep(8_000, 'still there')]);
        const tookMs = Math.round(performance.now() - startedAt);
        expect({ code, inTime: tookMs < 5_000 }).toEqual({ code: 0, inTime: true });
        sayMeasured(`SIGTERM while the database is ${outage.name}`, { tookMs });
      } finally {
        await outage.end(server);
        subject.client.close();
        await subject.process.kill();
      }
    },
    60_000,
  );
});

type Server = NonNullable<Databases['server']>;

interface Outage {
  readonly name: string;
  begin(server: Server): Promise<void>;
  end(server: Server): Promise<void>;
}

function keepWriting(subject: ApiSubject): { stop(): Promise<Reply[]> } {
  let going = true;
  const replies: Reply[] = [];
  const lanes = Array.from({ length: 20 }, async (_, lane) => {
    for (let turn = 0; going; turn++) {
      const [method, path, { body }] = subject.write();
      // every second lane sends keys, so that outages also meet a claim, a transaction, a release
      const headers: Record<string, string> = lane % 2 === 0 ? { 'idempotency-key': `"lane-${lane}-${turn}"` } : {};
      const reply = await subject.client.call(method, path, { body, headers });
      replies.push(reply);
      if (reply.status === 201) subject.acknowledged.push(reply.body);
      else await sleep(20);
    }
  });
  return {
    stop: async () => {
      going = false;
      await Promise.all(lanes);
      return replies;
    },
  };
}

async function expectLive(subject: ApiSubject): Promise<void> {
  for (const path of ['/health/live', '/health']) {
    const live = await subject.client.call('GET', path);
    expect(live.status).toBe(200);
    expect(live.ms).toBeLessThan(LIVE_WITHIN_MS);
  }
  expect(subject.process.child.exitCode).toBeNull();
}

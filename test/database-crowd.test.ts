import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ApiCall,
  type ApiSubject,
  expectNothingLost,
  expectUnavailable,
  sendCall,
  startOrders,
  startUsers,
  tooLate,
} from '../services/service-kit/testing/api-subject';
import { type Databases, openDatabases } from '../services/service-kit/testing/databases';
import {
  createLoadClient,
  eventually,
  inParallel,
  percentile,
  type Reply,
  sayMeasured,
  seededRandom,
  tally,
} from '../services/service-kit/testing/load-client';
import { type ServiceProcess, startService } from '../services/service-kit/testing/service-process';
import { storesUnderTest } from '../services/service-kit/testing/stores';

const onPostgres = storesUnderTest().includes('postgres');
const title = onPostgres
  ? 'when every PostgreSQL connection is busy'
  : 'when every PostgreSQL connection is busy (skipped: run with TEST_STORES=postgres and PostgreSQL on the machine)';

(onPostgres ? describe : describe.skip)(title, () => {
  let databases: Databases;
  let subjects: ApiSubject[];
  let peer: ServiceProcess;
  const sessions: { end(): Promise<void> }[] = [];

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
    for (const session of sessions.splice(0)) await session.end();
  });
  afterAll(async () => {
    for (const { client, process } of subjects ?? []) {
      client.close();
      await process.kill();
    }
    await peer?.kill();
    await databases?.dispose();
  }, 30_000);

  test('calls are answered 503 with Retry-After within 2.2 s, ready all the while, and served again at once', async () => {
    for (const subject of subjects) {
      const session = await databases.session(subject.env);
      sessions.push(session);
      const { table } = await businessTable(databases, subject);
      await session.query(`BEGIN; LOCK TABLE "${table}" IN ACCESS EXCLUSIVE MODE`);
      const busy = inParallel(
        Array.from({ length: 200 }, (_, index) => subject.calls()[index % subject.calls().length]!),
        100,
        (call) => sendCall(subject, call),
      );
      const probes = await probeWhile(subject, busy);
      const replies = await busy;
      replies.forEach(expectUnavailable);
      expect(tooLate(replies)).toEqual([]);
      expect(tally(probes.map((probe) => `${probe.status} ${probe.body.status}`))).toEqual({ '200 ok': probes.length });
      expect(probes.length).toBeGreaterThan(5);
      await session.end();
      const freed = await eventually('it serves again', 1_000, async () => (await subject.client.call(...subject.write())).status === 201, 10);
      sayMeasured(`pool exhausted, ${subject.name}`, {
        calls: replies.length,
        slowestMs: percentile(
          replies.map((reply) => reply.ms),
          1,
        ),
        readyProbes: probes.length,
        slowestProbeMs: percentile(
          probes.map((probe) => probe.ms),
          1,
        ),
        freedMs: freed,
      });
    }
  }, 60_000);

  test('a database that falls silent in the middle of a write, claimed key or not, is told as 503 within 2.2 s', async () => {
    for (const subject of subjects) {
      const made = (await subject.client.call(...subject.write())).body;
      const session = await databases.session(subject.env);
      sessions.push(session);
      await session.query(`BEGIN; LOCK TABLE "${(await businessTable(databases, subject)).table}" IN SHARE MODE`);
      const [method, path, { body }] = subject.write();
      const calls: ApiCall[] = [
        [method, path, body],
        [method, path, body, { 'idempotency-key': '"silenced"' }],
        ['DELETE', `${path}/${made.id}`],
      ];
      const replies = inParallel(calls, 3, (call) => sendCall(subject, call));
      await sleep(200);
      await databases.server?.pause();
      (await replies).forEach(expectUnavailable);
      expect(tooLate(await replies)).toEqual([]);
      await databases.server?.resume();
      await session.query('ROLLBACK');
    }
  }, 60_000);

  test('requests that miss their deadline inside a transaction leave none open, and nothing acknowledged is lost', async () => {
    const random = seededRandom(8);
    const server = databases.server!;
    for (const subject of subjects) {
      let keys = 0;
      const replies: Reply[] = [];
      for (let round = 0; round < 8; round++) {
        const crowd = inParallel(Array.from({ length: 100 }), 100, () => {
          const [method, path, { body }] = subject.write();
          return subject.client.call(method, path, { body, headers: { 'idempotency-key': `"deadline-${++keys}"` } });
        });
        await sleep(random() * 60);
        await server.pause();
        // around the deadline as well as far below it, so that some transactions are cut in each of their steps
        await sleep(500 + random() * 1_600);
        await server.resume();
        replies.push(...(await crowd));
      }
      expect(replies.filter((reply) => ![201, 503].includes(reply.status)).map((reply) => reply.body)).toEqual([]);
      subject.acknowledged.push(...replies.filter((reply) => reply.status === 201).map((reply) => reply.body));
      expect(tooLate(replies)).toEqual([]);
      await sleep(500);
      const open = await databases.query(
        subject.env,
        "SELECT state, query FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
      );
      expect(open).toEqual([]);
      await expectNothingLost(subject);
      sayMeasured(`deadlines inside transactions, ${subject.name}`, {
        answers: tally(replies.map((reply) => reply.status)),
        slowestMs: percentile(
          replies.map((reply) => reply.ms),
          1,
        ),
      });
    }
  }, 120_000);
});

async function businessTable(databases: Databases, subject: ApiSubject): Promise<{ table: string }> {
  const found = await databases.query(
    subject.env,
    `SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = '${subject.column}'`,
  );
  return { table: String(found[0]?.['table_name']) };
}

/** Readiness, ten times a second, until the work is done. */
async function probeWhile(subject: ApiSubject, work: Promise<unknown>): Promise<Reply[]> {
  const probes: Reply[] = [];
  const prober = createLoadClient(subject.process.url, 2);
  let going = true;
  void work.finally(() => (going = false)).catch(() => undefined);
  while (going) {
    probes.push(await prober.call('GET', '/health/ready'));
    await sleep(100);
  }
  prober.close();
  return probes;
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FaultProxy } from '../../service-kit/testing/fault-proxy';
import { createLoadClient, eventually, inParallel, type LoadClient, type Reply } from '../../service-kit/testing/load-client';
import { hasProcessFigures, openSockets } from '../../service-kit/testing/process-figures';
import { startService, type ServiceProcess } from '../../service-kit/testing/service-process';

/** `BERTH_FULL=1` runs each row at its full length; without it a shorter one fits a CI run. */
export const full = process.env['BERTH_FULL'] === '1';

/** Calls of each row of the fault table. */
export const callsOfRow = 200;

/** As many calls at once as order-service's bulkhead lets through, so that none is shed for its number alone. */
export const width = 50;

/** What answering itself may add to the time spent on user-service. */
export const answerMs = 200;

/** The deadline of all tries together (`USER_SERVICE_DEADLINE_MS`), and {@link answerMs}. */
export const answeredWithinMs = 2500 + answerMs;

/** One try (`USER_SERVICE_TIMEOUT_MS`), and {@link answerMs}. */
export const oneTryMs = 800 + answerMs;

/** A real user-service with one user, behind a proxy whose faults can be switched. */
export interface FaultBench {
  /** Where user-service itself is, past the proxy; the same over a restart. */
  readonly usersUrl: string;
  /** Kills user-service, as a crash does. */
  killUsers(): Promise<void>;
  /** Starts it again on the same port and the same store. */
  startUsers(): Promise<void>;
  readonly proxy: FaultProxy;
  /** The confirmed user of this bench, as user-service tells it. */
  readonly user: { readonly id: number };
  /** Starts an order-service of its own: its breaker is closed and its retry budget full. @param url Of its peer. @default the proxy */
  startOrders(url?: string): Promise<OrdersUnderFault>;
  close(): Promise<void>;
}

/** An order-service whose peer is sick. */
export interface OrdersUnderFault {
  readonly service: ServiceProcess;
  readonly client: LoadClient;
  /** Places an order with a request id of its own. */
  place(userId: number): Promise<Reply>;
  /** @param atOnce How many calls at a time. @default {@link width} */
  placeMany(count: number, userId: number, atOnce?: number): Promise<Reply[]>;
  /** Calls and tries that the service has counted: a call's first try, and its retries. */
  tries(): Promise<{ readonly calls: number; readonly retries: number; readonly rejected: number }>;
  /** Every order there is, page by page. */
  countOrders(): Promise<number>;
  /** Places ordinary orders until connections are pooled and the heap has the size that any load gives it. */
  warmUp(userId: number): Promise<void>;
  /**
   * Waits until the process has at most 5 sockets more than when it had just started.
   * @param pooled Sockets that its pool may keep besides: a peer whose HTTP is in order leaves connections that are worth keeping. @default 0
   * @throws Error when it doesn't within 10 s.
   */
  socketsBack(pooled?: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts user-service, one user and the proxy. */
export async function openFaultBench(): Promise<FaultBench> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-faults-'));
  const store = { USER_DB_PATH: join(folder, 'users.db') };
  let users: ServiceProcess = await startService('user-service', store);
  const { url, port } = users;
  const proxy = await FaultProxy.start(port);
  return {
    usersUrl: url,
    killUsers: () => users.kill(),
    startUsers: async () => {
      users = await startService('user-service', { ...store, PORT: String(port) });
    },
    proxy,
    user: await signUp(url),
    startOrders: (peer = proxy.url) => startOrders(peer),
    close: async () => {
      await proxy.close();
      await users.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What every answer to a faulty peer must be; gives the faults found, at most a few of them. */
export function unexpected(
  results: readonly Reply[],
  expected: { readonly status: number; readonly code: string },
  withinMs: number = answeredWithinMs,
): string[] {
  const faults = results.flatMap((result) => faultsOf(result, expected, withinMs));
  return [...new Set(faults)].slice(0, 10);
}

/** Whether an answer says `503` as it must: our own `Retry-After` in whole seconds, never the peer's. */
export function isHonest503({ status, headers, body }: Reply): boolean {
  const seconds = Number(headers['retry-after']);
  const { code } = body as { code?: string };
  return status === 503 && code === 'user_service_unavailable' && Number.isInteger(seconds) && seconds >= 1 && seconds <= 60;
}

function faultsOf(result: Reply, { status, code }: { status: number; code: string }, withinMs: number): string[] {
  const problem = result.body as { code?: string; detail?: string; status?: number };
  const type = result.headers['content-type'] ?? 'none';
  return [
    ...(result.status === status && problem.status === status ? [] : [`status ${result.status}: ${JSON.stringify(result.body)}`]),
    ...(problem.code === code ? [] : [`code ${problem.code}`]),
    ...(problem.detail === (details[code] ?? problem.detail) ? [] : [`detail ${problem.detail}`]),
    ...(type.startsWith('application/problem+json') ? [] : [`content-type ${type}`]),
    ...(status !== 503 || isHonest503(result) ? [] : [`retry-after ${result.headers['retry-after']}`]),
    ...(result.ms <= withinMs ? [] : [`answered after ${Math.round(result.ms)} ms`]),
  ];
}

/** The sentences that the API promises; for the other codes any will do. */
const details: Readonly<Record<string, string>> = {
  user_not_found: 'User not found',
  user_service_unavailable: 'User service unavailable',
};

async function signUp(url: string): Promise<{ id: number }> {
  const client = createLoadClient(url);
  const reply = await client.call('POST', '/api/v1/users', { body: { email: 'confirmed@example.com', name: 'Confirmed' } });
  client.close();
  if (reply.status !== 201) throw new Error(`no user: ${JSON.stringify(reply.body)}`);
  return reply.body;
}

async function startOrders(url: string): Promise<OrdersUnderFault> {
  const service = await startService('order-service', { USER_SERVICE_URL: url });
  const client = createLoadClient(service.url, 1000);
  let placed = 0;
  const sockets = hasProcessFigures ? openSockets(service.pid) : 0;
  const place = async (userId: number) => {
    const headers = { 'x-request-id': `${service.pid}-${++placed}` };
    return client.call('POST', '/api/v1/orders', { body: { user_id: userId, product_id: 'book', quantity: 1 }, headers });
  };
  const placeMany = (count: number, userId: number, atOnce = width) => inParallel(Array.from({ length: count }), atOnce, () => place(userId));
  return {
    service,
    client,
    place,
    placeMany,
    tries: () => readTries(client),
    countOrders: () => countOrders(client),
    warmUp: async (userId) => void (await placeMany(2 * width, userId)),
    socketsBack: async (pooled = 0) => {
      client.close();
      if (!hasProcessFigures) return;
      await eventually(`at most ${sockets} + ${pooled} + 5 sockets`, 10_000, () => Promise.resolve(openSockets(service.pid) <= sockets + pooled + 5));
    },
    stop: async () => {
      client.close();
      await service.kill();
    },
  };
}

async function readTries(client: LoadClient): Promise<{ calls: number; retries: number; rejected: number }> {
  // A text whatever the type says, as it is not JSON.
  const text = (await client.call('GET', '/metrics')).body as unknown as string;
  const sum = (pattern: RegExp) => [...text.matchAll(pattern)].reduce((total, [, value]) => total + Number(value), 0);
  return {
    calls: sum(/^external_requests_total\{[^}]*\} (\S+)$/gm),
    retries: sum(/^external_request_retries_total\{[^}]*\} (\S+)$/gm),
    rejected: sum(/^external_requests_total\{[^}]*outcome="rejected"[^}]*\} (\S+)$/gm),
  };
}

async function countOrders(client: LoadClient): Promise<number> {
  let count = 0;
  for (let query = ''; ;) {
    const { items, next_cursor: next } = (await client.call('GET', `/api/v1/orders?limit=100${query}`)).body;
    count += items.length;
    if (next === null) return count;
    query = `&cursor=${next}`;
  }
}

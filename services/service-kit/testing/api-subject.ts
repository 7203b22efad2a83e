import { createLoadClient, inParallel, type JsonBody, type LoadClient, type Reply, tally } from './load-client';
import type { Databases } from './databases';
import { readWholeList } from './shop';
import { type ServiceProcess, startService } from './service-process';

/** Spec 1.5: how long a call may take while the database is away or its pool is busy. */
export const ANSWERED_WITHIN_MS = 2_200;

/** Spec 1.5: how long after the database's return all is well again. */
export const HEALED_WITHIN_MS = 10_000;

/** One call of the API. */
export type ApiCall = readonly [method: string, path: string, body?: unknown, headers?: Record<string, string>];

/** A service under test with every call of its API. */
export interface ApiSubject {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly process: ServiceProcess;
  readonly client: LoadClient;
  readonly path: string;
  /** Column that only this service's own table has. */
  readonly column: string;
  /** Answers of every POST that was acknowledged. */
  readonly acknowledged: JsonBody[];
  /** A POST that makes a row. */
  write(): ['POST', string, { body: unknown }];
  /** Every call of the API once, writes and reads. */
  calls(): readonly ApiCall[];
}

/** @param extra Laid over its environment. */
export async function startUsers(databases: Databases, extra: Record<string, string> = {}): Promise<ApiSubject> {
  const env = { ...(await databases.fresh('user-service')), LOG_LEVEL: 'fatal', ...extra };
  const process = await startService('user-service', env);
  const path = '/api/v1/users';
  let count = 0;
  const body = () => ({ email: `u${++count}@example.com`, name: 'Outage' });
  return {
    ...{ name: 'user-service', env, process, path, column: 'email', acknowledged: [], client: createLoadClient(process.url, 120) },
    write: () => ['POST', path, { body: body() }],
    calls: () => [
      ['POST', path, body()],
      ['POST', path, body(), { 'idempotency-key': `"u${count}"` }],
      ['GET', path],
      ['GET', `${path}?email=u1@example.com`],
      ['GET', `${path}/1`],
      ['PUT', `${path}/1`, { name: 'Renamed' }],
      ['PATCH', `${path}/1`, { age: 7 }],
      ['DELETE', `${path}/1`],
    ],
  };
}

/** @param peerUrl A user-service on another store, where user 1 exists. @param extra Laid over its environment. */
export async function startOrders(databases: Databases, peerUrl: string, extra: Record<string, string> = {}): Promise<ApiSubject> {
  const env = { ...(await databases.fresh('order-service')), USER_SERVICE_URL: peerUrl, LOG_LEVEL: 'fatal', ...extra };
  const process = await startService('order-service', env);
  const path = '/api/v1/orders';
  let count = 0;
  const body = { user_id: 1, items: [{ product_id: 'p', quantity: 2, price: 2.5 }] };
  return {
    ...{ name: 'order-service', env, process, path, column: 'shipping_address', acknowledged: [], client: createLoadClient(process.url, 120) },
    write: () => ['POST', path, { body }],
    calls: () => [
      ['POST', path, body],
      ['POST', path, body, { 'idempotency-key': `"o${++count}"` }],
      ['GET', path],
      ['GET', `${path}?status=pending`],
      ['GET', `${path}/1`],
      ['GET', `${path}/user/1`],
      ['PUT', `${path}/1`, { status: 'confirmed' }],
      ['PATCH', `${path}/1`, { shipping_address: 'Elsewhere' }],
      ['DELETE', `${path}/1`],
    ],
  };
}

/** Sends one call. */
export function sendCall(subject: ApiSubject, [method, path, body, headers = {}]: ApiCall): Promise<Reply> {
  return subject.client.call(method, path, { body, headers });
}

/** Writes rows that must all be accepted. */
export async function writeSome(subject: ApiSubject, count: number): Promise<void> {
  const replies = await inParallel(Array.from({ length: count }), 10, () => subject.client.call(...subject.write()));
  expect(tally(replies.map((reply) => reply.status))).toEqual({ '201': count });
  subject.acknowledged.push(...replies.map((reply) => reply.body));
}

/** The calls that were not answered within {@link ANSWERED_WITHIN_MS}, with their times. */
export function tooLate(replies: readonly Reply[]): string[] {
  return replies.filter((reply) => reply.ms >= ANSWERED_WITHIN_MS).map((reply) => `${reply.call}: ${reply.status} after ${Math.round(reply.ms)} ms`);
}

/** A 503 problem with Retry-After, and no other. */
export function expectUnavailable(reply: Reply): void {
  expect({ status: reply.status, body: reply.body }).toEqual({
    status: 503,
    body: expect.objectContaining({ status: 503, code: expect.any(String) as string, request_id: expect.any(String) as string }) as unknown,
  });
  expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(reply.headers['retry-after']).toMatch(/^\d+$/);
}

/** Ready, and accepts a write. */
export async function isHealed(subject: ApiSubject): Promise<boolean> {
  const ready = await subject.client.call('GET', '/health/ready');
  if (ready.status !== 200) return false;
  const written = await subject.client.call(...subject.write());
  if (written.status === 201) subject.acknowledged.push(written.body);
  return written.status === 201;
}

/** Everything acknowledged is there, as it was acknowledged. */
export async function expectNothingLost(subject: ApiSubject): Promise<void> {
  const rows = new Map((await readWholeList(subject.client, subject.path)).map((row) => [row.id, row]));
  // row 1 belongs to the calls that change and delete
  const lost = subject.acknowledged.filter((made) => made.id !== 1 && JSON.stringify(rows.get(made.id)) !== JSON.stringify(made));
  expect(lost).toEqual([]);
}

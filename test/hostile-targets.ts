import { createLoadClient, type LoadClient } from '../services/service-kit/testing/load-client';
import { exchangeRaw, rawRequest, type RawResponse } from '../services/service-kit/testing/raw-http';
import { startService, type ServiceProcess } from '../services/service-kit/testing/service-process';

/** Both services, by what differs between them for a hostile client. */
export type TargetName = 'user-service' | 'order-service';

/** A request that would leave a trace, sent right behind a bad one: it must never be executed. */
export interface Canary {
  readonly bytes: Buffer;
  /** Whether it has been executed after all. */
  sang(): Promise<boolean>;
}

/** One real service process under attack. */
export interface Target {
  readonly name: TargetName;
  readonly service: ServiceProcess;
  readonly client: LoadClient;
  /** Path of its one collection, such as `/api/v1/users`. */
  readonly collection: string;
  /** A body that its collection accepts, new each time. */
  valid(): Readonly<Record<string, unknown>>;
  canary(): Canary;
  /** @throws Error unless the same process still answers. */
  expectAlive(): Promise<void>;
}

/** Both services, order-service in front of the real user-service. */
export interface Targets {
  readonly all: Readonly<Record<TargetName, Target>>;
  close(): Promise<void>;
}

/** Starts them. */
export async function startTargets(): Promise<Targets> {
  const users = await startService('user-service');
  const orders = await startService('order-service', { USER_SERVICE_URL: users.url });
  const user = await createUser(users.url);
  const all = { 'user-service': userTarget(users), 'order-service': orderTarget(orders, user) };
  return {
    all,
    close: async () => {
      for (const { client } of Object.values(all)) client.close();
      await orders.kill();
      await users.kill();
    },
  };
}

/** What is wrong with an answer as an answer to anybody: a 5xx, or an error that is not a problem as the API describes it. */
export function faultsOf(response: RawResponse, method = 'GET'): string[] {
  const { status, headers } = response;
  const shown = `${status} ${headers['content-type'] ?? ''} ${response.body.toString('utf8', 0, 300)}`;
  if (status >= 500) return [`a server error: ${shown}`];
  const exposed = headers['x-powered-by'] === undefined ? [] : ['it says what it runs on'];
  if (status < 400 || method === 'HEAD') return exposed;
  return [...exposed, ...problemFaults(response).map((fault) => `${fault}: ${shown}`)];
}

function problemFaults({ status, headers, body }: RawResponse): string[] {
  if (headers['content-type']?.split(';')[0] !== 'application/problem+json') return ['not a problem document'];
  let problem: Record<string, unknown>;
  try {
    problem = JSON.parse(body.toString()) as Record<string, unknown>;
  } catch {
    return ['not JSON'];
  }
  const texts = ['type', 'title', 'detail', 'instance', 'code', 'request_id'];
  const known = new Set([...texts, 'status', 'errors']);
  return [
    ...texts.filter((name) => typeof problem[name] !== 'string' || problem[name] === '').map((name) => `no ${name}`),
    ...Object.keys(problem)
      .filter((name) => !known.has(name))
      .map((name) => `unknown member ${name}`),
    ...(problem['status'] === status ? [] : ['another status in the body']),
    ...(problem['request_id'] === headers['x-request-id'] ? [] : ['another request id in the headers']),
    ...(isPointerList(problem['errors']) ? [] : ['errors are not pointers with details']),
    ...(status !== 405 || headers['allow'] !== undefined ? [] : ['405 without Allow']),
    ...(status !== 429 || headers['retry-after'] !== undefined ? [] : ['429 without Retry-After']),
    ...(/\bat .+:\d+:\d+/.test(body.toString()) ? ['a stack'] : []),
  ];
}

function isPointerList(errors: unknown): boolean {
  if (errors === undefined) return true;
  const isPointer = (one: { pointer?: unknown; detail?: unknown }) => typeof one.pointer === 'string' && typeof one.detail === 'string';
  return Array.isArray(errors) && errors.length > 0 && errors.every(isPointer);
}

function userTarget(service: ServiceProcess): Target {
  let count = 0;
  const valid = () => ({ email: `guest${++count}@example.com`, name: 'Guest', age: 30 });
  return target('user-service', service, '/api/v1/users', valid, (client) => {
    const email = `canary${++count}@example.com`;
    return {
      body: { email, name: 'Canary' },
      sang: async () => {
        const reply = await client.call('GET', `/api/v1/users?email=${email}`);
        return reply.body.items.length > 0;
      },
    };
  });
}

function orderTarget(service: ServiceProcess, userId: number): Target {
  let count = 0;
  const items = [{ product_id: 'book', product_name: 'Book', quantity: 1, price: 9.99 }];
  const valid = () => ({ user_id: userId, items, shipping_address: `Harbour ${++count}` });
  return target('order-service', service, '/api/v1/orders', valid, (client) => {
    const address = `canary ${++count}`;
    return {
      body: { user_id: userId, items, shipping_address: address },
      sang: async () => JSON.stringify(await allOrders(client)).includes(`"${address}"`),
    };
  });
}

function target(
  name: TargetName,
  service: ServiceProcess,
  collection: string,
  valid: Target['valid'],
  canary: (client: LoadClient) => { readonly body: unknown; sang(): Promise<boolean> },
): Target {
  const client = createLoadClient(service.url);
  const json = ['Content-Type: application/json'];
  return {
    name,
    service,
    client,
    collection,
    valid,
    canary: () => {
      const { body, sang } = canary(client);
      return { bytes: rawRequest('POST', collection, json, JSON.stringify(body)), sang };
    },
    expectAlive: async () => {
      const { responses } = await exchangeRaw(service.port, rawRequest('GET', '/health/live', ['Connection: close']), { timeoutMs: 5000 });
      if (responses[0]?.status !== 200 || service.child.exitCode !== null) throw new Error(`${name} does not answer any more`);
    },
  };
}

async function allOrders(client: LoadClient): Promise<unknown[]> {
  const all: unknown[] = [];
  let query = '';
  for (;;) {
    const page = (await client.call('GET', `/api/v1/orders?limit=100${query}`)).body;
    all.push(...page.items);
    if (page.next_cursor === null) return all;
    query = `&cursor=${page.next_cursor}`;
  }
}

async function createUser(url: string): Promise<number> {
  const client = createLoadClient(url);
  const reply = await client.call('POST', '/api/v1/users', { body: { email: 'shopper@example.com', name: 'Shopper' } });
  client.close();
  return reply.body.id;
}

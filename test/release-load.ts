import { setTimeout as sleep } from 'node:timers/promises';
import { createLoadClient, type LoadClient } from '../services/service-kit/testing/load-client';
import type { ServiceName } from '../services/service-kit/testing/databases';

/** A row as its API shows it. */
export interface Row {
  readonly id: number;
  readonly [member: string]: unknown;
}

/** Load on a changing set of processes of one service. */
export interface ReleaseLoad {
  /** Answers that should not have come: one sentence each. */
  readonly failures: readonly string[];
  /** How many calls were made. */
  readonly calls: number;
  /** The rows that must be there, as they were last answered. */
  readonly rows: ReadonlyMap<number, Row>;
  /** From now on calls go to these. */
  aimAt(...urls: readonly string[]): void;
  /** Lets it run for a while. */
  runFor(ms: number): Promise<void>;
  /** Ends it when every call is answered. */
  end(): Promise<void>;
}

const shapes = {
  'user-service': {
    path: '/api/v1/users',
    body: (n: number) => ({ email: `r${process.pid}-${n}@example.com`, name: `Release ${n}`, age: n % 150 }),
    change: (n: number) => ({ name: `Changed ${n}` }),
  },
  'order-service': {
    path: '/api/v1/orders',
    body: (n: number) => ({ user_id: 1 + (n % 50), items: [{ product_id: `p${n}`, quantity: 1 + (n % 9), price: 1.25 }], shipping_address: `Quay ${n}` }),
    change: (n: number) => ({ status: 'confirmed', shipping_address: `Quay ${n} b` }),
  },
} as const;

let made = 0;

/** A load whose test failed before it ended it ends by itself. */
const longestMs = 90_000;

/**
 * Starts eight lanes that make a row, read it, change it, list, read it again and now and then delete it, each call at a process by
 * turns, so that what one release writes the other reads and changes.
 */
export function startReleaseLoad(name: ServiceName, ...urls: readonly string[]): ReleaseLoad {
  const { path, body, change } = shapes[name];
  const clients = new Map<string, LoadClient>();
  const rows = new Map<number, Row>();
  const failures: string[] = [];
  let targets = urls;
  let turn = 0;
  let calls = 0;
  let ended = false;

  const call = async (method: string, at: string, expected: number, sent?: unknown, headers?: Record<string, string>): Promise<Row | undefined> => {
    const url = targets[turn++ % targets.length]!;
    const client = clients.get(url) ?? createLoadClient(url, 16);
    clients.set(url, client);
    calls++;
    const options = { ...(sent !== undefined && { body: sent }), ...(headers && { headers }) };
    const reply = await client.call(method, at, options).catch((error: unknown) => ({ status: 0, body: String(error) }));
    if (reply.status === expected) return (reply.body ?? {}) as Row;
    failures.push(`${method} ${at} at ${url} was answered ${reply.status}: ${JSON.stringify(reply.body)}`);
    return undefined;
  };
  const expectSame = (what: string, got: Row | undefined, wanted: Row) => {
    if (got !== undefined && JSON.stringify(got) !== JSON.stringify(wanted))
      failures.push(`${what} gave ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`);
  };
  const lane = async () => {
    while (!ended) {
      const n = ++made;
      const row = await call('POST', path, 201, body(n), { 'idempotency-key': `release-${n}` });
      if (row === undefined) {
        await sleep(50);
        continue;
      }
      expectSame('a read', await call('GET', `${path}/${row.id}`, 200), row);
      const changed = await call('PUT', `${path}/${row.id}`, 200, change(n));
      expectSame('a replay', await call('POST', path, 201, body(n), { 'idempotency-key': `release-${n}` }), row);
      await call('GET', `${path}?limit=5`, 200);
      if (changed !== undefined) expectSame('a second read', await call('GET', `${path}/${row.id}`, 200), changed);
      if (n % 5 === 0) await call('DELETE', `${path}/${row.id}`, 204);
      else rows.set(row.id, changed ?? row);
      await sleep(10);
    }
  };
  const giveUp = setTimeout(() => (ended = true), longestMs);
  const lanes = Promise.all(Array.from({ length: 8 }, lane));
  return {
    failures,
    rows,
    get calls() {
      return calls;
    },
    aimAt: (...next) => {
      targets = next;
    },
    runFor: (ms) => sleep(ms),
    end: async () => {
      ended = true;
      clearTimeout(giveUp);
      await lanes;
      for (const client of clients.values()) client.close();
    },
  };
}

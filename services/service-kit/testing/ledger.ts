import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { JsonBody, LoadClient, Reply } from './load-client';

/** One row that a writer makes: what it sends, and what the service has acknowledged of it so far. */
export interface Entry {
  readonly key: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** The answer to the POST, once acknowledged. */
  made?: JsonBody;
  /** The field that a later PUT changed, once acknowledged. */
  changedTo?: string;
  /** The DELETE, once acknowledged. */
  deleted?: boolean;
}

/** What a ledger writes, and how its rows are recognised. */
export interface Subject {
  readonly path: '/api/v1/users' | '/api/v1/orders';
  /** Body of the n-th row. */
  body(key: string): Record<string, unknown>;
  /** Member of the representation that holds the key. */
  keyOf(row: JsonBody): string;
  /** Member that PUT changes. */
  readonly changes: 'name' | 'shipping_address';
}

/** Writes through a service that may die at any moment and keeps book of what was acknowledged. */
export interface Ledger {
  readonly entries: ReadonlyMap<string, Entry>;
  /** Violations seen while writing, e.g. a repeated key that was answered with another row. */
  readonly violations: string[];
  /** POST, then now and then PUT and DELETE, as fast as it is answered, until {@link rest}. */
  write(writers: number): void;
  /**
   * Lets the writers finish, then repeats everything that was not acknowledged.
   * @throws Error when something stays unacknowledged for `withinMs`.
   */
  rest(withinMs: number): Promise<void>;
  /** Compares the service's whole list with the book, and repeats `repeats` acknowledged keys. Gives what is wrong. */
  compare(list: readonly JsonBody[], repeats: number): Promise<string[]>;
}

/** @param client Of the service as it is reached at the moment. */
export function createLedger(subject: Subject, client: LoadClient): Ledger {
  const entries = new Map<string, Entry>();
  const unsettled: Entry[] = [];
  const violations: string[] = [];
  let writers: Promise<void>[] = [];
  let writing = false;
  let count = 0;

  const writeOne = async () => {
    const again = Math.random() < 0.5 ? unsettled.shift() : undefined;
    const entry = again ?? { key: `${subject.changes}-${++count}`, body: subject.body(`${subject.changes}-${count}`) };
    entries.set(entry.key, entry);
    if (!(await settle(subject, client, entry, violations))) {
      unsettled.push(entry);
      await sleep(20);
    }
  };
  return {
    entries,
    violations,
    write: (lanes) => {
      writing = true;
      writers = Array.from({ length: lanes }, async () => {
        while (writing) await writeOne();
      });
    },
    rest: async (withinMs) => {
      writing = false;
      await Promise.all(writers);
      const giveUpAt = Date.now() + withinMs;
      for (let entry = unsettled.shift(); entry; entry = unsettled.shift()) {
        if (await settle(subject, client, entry, violations)) continue;
        unsettled.push(entry);
        if (Date.now() > giveUpAt) throw new Error(`${unsettled.length} writes stay unacknowledged, ${entry.key} among them`);
        await sleep(50);
      }
    },
    compare: async (list, repeats) => [...violations, ...comparison(subject, entries, list), ...(await repeated(subject, client, entries, repeats))],
  };
}

/** One step of an entry's life; gives whether all that was begun is acknowledged. */
async function settle(subject: Subject, client: LoadClient, entry: Entry, violations: string[]): Promise<boolean> {
  const row = `${subject.path}/${entry.made?.id}`;
  const turn = Number(entry.key.split('-').at(-1));
  if (!entry.made) {
    const reply = await attempt(client, 'POST', subject.path, entry.body, entry.key);
    if (reply?.status !== 201) return unlessStrange(entry, reply, [409, 503, 502], violations);
    entry.made = reply.body;
    return turn % 3 === 0 ? settle(subject, client, entry, violations) : true;
  }
  if (turn % 3 === 0 && !entry.changedTo) {
    const changed = `changed ${turn}`;
    const reply = await attempt(client, 'PUT', row, { [subject.changes]: changed });
    if (reply?.status !== 200) return unlessStrange(entry, reply, [503], violations);
    entry.changedTo = changed;
    return turn % 9 === 0 ? settle(subject, client, entry, violations) : true;
  }
  if (turn % 9 === 0 && !entry.deleted) {
    const reply = await attempt(client, 'DELETE', row);
    // 404: an earlier try went through, and its answer was lost
    if (reply?.status !== 204 && reply?.status !== 404) return unlessStrange(entry, reply, [503], violations);
    entry.deleted = true;
  }
  return true;
}

function attempt(client: LoadClient, method: string, path: string, body?: unknown, key?: string): Promise<Reply | undefined> {
  const headers = key === undefined ? {} : { 'idempotency-key': `"${key}"` };
  return client.call(method, path, { body, headers, timeoutMs: 8_000 }).catch(() => undefined);
}

function unlessStrange(entry: Entry, reply: Reply | undefined, allowed: readonly number[], violations: string[]): false {
  if (reply && !allowed.includes(reply.status)) violations.push(`${entry.key} was answered ${reply.status}: ${JSON.stringify(reply.body)}`);
  return false;
}

function comparison(subject: Subject, entries: ReadonlyMap<string, Entry>, list: readonly JsonBody[]): string[] {
  const faults: string[] = [];
  const rows = new Map<string, JsonBody>();
  for (const row of list) {
    const key = subject.keyOf(row);
    if (!entries.has(key)) continue;
    const earlier = rows.get(key);
    if (earlier) faults.push(`${key} was made twice: ${earlier.id} and ${row.id}`);
    rows.set(key, row);
  }
  for (const entry of entries.values()) {
    const row = rows.get(entry.key);
    if (!entry.made) continue;
    if (entry.deleted && row) faults.push(`${entry.key} is back after its deletion was acknowledged`);
    if (entry.deleted) continue;
    const expected = { ...entry.made, ...(entry.changedTo && { [subject.changes]: entry.changedTo, updated_at: row?.updated_at }) };
    if (!isDeepStrictEqual(row, expected)) faults.push(`${entry.key} was acknowledged as ${JSON.stringify(expected)} and is ${JSON.stringify(row)}`);
  }
  return faults;
}

/** Repeats a spread of acknowledged keys: each must be answered as the first time. */
async function repeated(subject: Subject, client: LoadClient, entries: ReadonlyMap<string, Entry>, repeats: number): Promise<string[]> {
  const acknowledged = [...entries.values()].filter((entry) => entry.made);
  const step = Math.max(1, Math.floor(acknowledged.length / repeats));
  const faults: string[] = [];
  for (let index = 0; index < acknowledged.length; index += step) {
    const entry = acknowledged[index] as Entry;
    const reply = await client.call('POST', subject.path, { body: entry.body, headers: { 'idempotency-key': `"${entry.key}"` } });
    const same = reply.status === 201 && reply.headers['idempotency-replayed'] === 'true' && isDeepStrictEqual(reply.body, entry.made);
    if (!same) faults.push(`${entry.key}, repeated, was answered ${reply.status}: ${JSON.stringify(reply.body)} instead of ${JSON.stringify(entry.made)}`);
  }
  return faults;
}

import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a call may carry. */
export interface CallOptions {
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** After this long without a whole answer the call is rejected. @default 15000 */
  readonly timeoutMs?: number;
}

/** A JSON answer, as far as the drills look into it: a user, an order, a list, a problem or a readiness report. */
export interface JsonBody {
  readonly [member: string]: unknown;
  readonly id: number;
  readonly code: string;
  readonly status: string | number;
  readonly email: string;
  readonly product_name: string;
  readonly total: number | null;
  readonly updated_at: string;
  readonly items: readonly JsonBody[];
  readonly next_cursor: string | null;
  readonly checks: { readonly database: { readonly status: string } };
}

/** A whole answer, as a client saw it. */
export interface Reply {
  /** Method and path, for messages. */
  readonly call: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The parsed JSON body; the text of another one, and undefined where there is none, whatever the type says. */
  readonly body: JsonBody;
  /** From the call to the end of the answer, with the wait for a socket. */
  readonly ms: number;
}

/** A keep-alive client of one service. */
export interface LoadClient {
  /** @throws NodeJS.ErrnoException when the connection fails or nothing whole comes in time. */
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  close(): void;
}

/** @param sockets How many connections at most. @default 50 */
export function createLoadClient(url: string, sockets = 50): LoadClient {
  const agent = new Agent({ keepAlive: true, maxSockets: sockets, maxFreeSockets: sockets });
  return { call: (method, path, options = {}) => callOnce(agent, method, new URL(path, url), options), close: () => agent.destroy() };
}

/** Runs `work` on every item, `atOnce` of them at a time, and gives the results in the items' order. */
export async function inParallel<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane));
  return results;
}

/**
 * Asks again and again until `holds` gives true, a rejection counting as false.
 * @returns How long that took, in milliseconds.
 * @throws Error when it takes longer than `withinMs`.
 */
export async function eventually(what: string, withinMs: number, holds: () => Promise<boolean>, everyMs = 50): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    if (await holds().catch(() => false)) return Math.round(performance.now() - startedAt);
    if (performance.now() - startedAt > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(everyMs);
  }
}

/** Repeatable random numbers in [0, 1) (mulberry32), so that a failed run can be run again. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A shuffled copy (Fisher–Yates). */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const copy = [...items];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [copy[last], copy[other]] = [copy[other] as T, copy[last] as T];
  }
  return copy;
}

/** How often each value occurs: `{ '201': 200, '409': 17 }`. */
export function tally(values: readonly (string | number)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

/** The value that `share` of the values don't exceed, rounded; 0 of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}

/** Prints what a costly test measured, on one line that survives Jest's reporters. */
export function sayMeasured(what: string, figures: Readonly<Record<string, unknown>>): void {
  const parts = Object.entries(figures).map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  process.stdout.write(`measured · ${what} · ${parts.join(', ')}\n`);
}

function callOnce(agent: Agent, method: string, url: URL, options: CallOptions): Promise<Reply> {
  const payload = options.body === undefined ? undefined : JSON.stringify(options.body);
  const framing: Record<string, string> =
    payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(payload)) };
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const headers: Record<string, string> = { ...framing, ...options.headers };
    const sent = request(url, { method, agent, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        clearTimeout(timer);
        const text = Buffer.concat(chunks).toString();
        resolve({
          call: `${method} ${url.pathname}${'idempotency-key' in headers ? ' with a key' : ''}`,
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: parsed(text),
          ms: performance.now() - startedAt,
        });
      });
    });
    const timeoutMs = options.timeoutMs ?? 15_000;
    const timer = setTimeout(() => sent.destroy(new Error(`no answer to ${method} ${url.pathname} within ${timeoutMs} ms`)), timeoutMs);
    sent.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    sent.end(payload);
  });
}

function parsed(text: string): JsonBody {
  if (text === '') return undefined as never;
  try {
    return JSON.parse(text) as JsonBody;
  } catch {
    return text as never;
  }
}

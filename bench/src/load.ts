import { connect, type Socket } from 'node:net';
import { AnswerReader } from './answer-reader';

/** What a load sends and for how long. Whichever of the two ends comes first counts. */
export interface LoadPlan {
  readonly port: number;
  /** Requests in flight: each connection sends its next request when it has its answer. */
  readonly connections: number;
  /** Gives the next request, head and body. */
  next(): string;
  /** The status that an answer should have. */
  readonly expected: number;
  /** @default no end */
  readonly milliseconds?: number;
  /** @default no end */
  readonly requests?: number;
  /** Looks for answers without ever sleeping, see {@link canPoll}. @default false */
  readonly polling?: boolean;
  /** Called when all connections stand, and when the last answer is there: for counters that must not see the rest. */
  readonly around?: { start(): void; end(): void };
}

/** What came of it. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** One for each request. */
  readonly latenciesMs: readonly number[];
  /** Answers with another status than expected, each described. */
  readonly unexpected: readonly string[];
}

/**
 * Loads a server over keep-alive connections. Plain sockets and a fixed request text: this costs about a third of what
 * an HTTP client costs, so that the server under test, not its load, is what fills its core.
 *
 * @throws Error when a connection breaks
 */
export async function load(plan: LoadPlan): Promise<LoadResult> {
  const sockets = await Promise.all(Array.from({ length: plan.connections }, () => open(plan.port)));
  const latenciesMs: number[] = [];
  const unexpected: string[] = [];
  const stopPolling = plan.polling ? poll() : () => undefined;
  plan.around?.start();
  const startedAt = performance.now();
  const endsAt = startedAt + (plan.milliseconds ?? Infinity);
  let left = plan.requests ?? Infinity;
  const more = () => performance.now() < endsAt && left-- > 0;
  try {
    await Promise.all(sockets.map((socket) => drive(socket, plan, more, { latenciesMs, unexpected })));
    const seconds = (performance.now() - startedAt) / 1000;
    plan.around?.end();
    return { requests: latenciesMs.length, seconds, latenciesMs, unexpected };
  } finally {
    stopPolling();
    for (const socket of sockets) socket.destroy();
  }
}

/**
 * Whether the load may poll: it has a core of its own, or shares one with programs that are not measured.
 *
 * A server that answers a sleeping load generator also pays for waking it, on virtual machines 10 to 15 µs an answer. A server so fast that the
 * generator never gets to sleep doesn't, so the price of a request would not be the sum of what the server does. A generator that
 * polls is never woken: the calibration section of the results shows both.
 */
export const canPoll = Boolean(process.env['BENCH_PINNED']);

/** Keeps the event loop turning, so that it asks for events instead of waiting for them. */
function poll(): () => void {
  let next = setImmediate(function again() {
    next = setImmediate(again);
  });
  return () => clearImmediate(next);
}

/** A GET, ready to send. */
export function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
}

/** A POST of JSON, ready to send. The body is plain ASCII. */
export function post(path: string, body: unknown): string {
  const text = JSON.stringify(body);
  return `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('connect', () => resolve(socket)).once('error', reject);
  });
}

interface Tally {
  readonly latenciesMs: number[];
  readonly unexpected: string[];
}

function drive(socket: Socket, plan: LoadPlan, more: () => boolean, { latenciesMs, unexpected }: Tally): Promise<void> {
  return new Promise((resolve, reject) => {
    const reader = new AnswerReader();
    let sentAt = 0;
    const send = () => {
      if (!more()) return resolve();
      sentAt = performance.now();
      socket.write(plan.next(), 'latin1');
    };
    socket.on('data', (chunk) => {
      const answer = reader.push(chunk);
      if (answer === undefined) return;
      latenciesMs.push(performance.now() - sentAt);
      if (answer.status !== plan.expected) unexpected.push(`${answer.status} instead of ${plan.expected}: ${answer.body.toString().slice(0, 500)}`);
      send();
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed the connection')));
    send();
  });
}

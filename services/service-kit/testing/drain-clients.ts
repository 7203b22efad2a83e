import { Agent, type ClientRequest, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** How one request ended, as its client saw it. */
export interface Outcome {
  /** The status; undefined when the connection broke under the request. */
  readonly status: number | undefined;
  readonly error: string | undefined;
  /** Whether the answer said `Connection: close`. */
  readonly toldToClose: boolean;
  /** `performance.now()` at the end of the answer or at the error. */
  readonly endedAt: number;
}

/** Clients that do as HTTP says: told `Connection: close`, they send no more on that connection. */
export interface DrainClients {
  /** Every request so far that was sent over a connection that stood. */
  readonly outcomes: Outcome[];
  /** Connections that had answered at least one request. */
  established(): number;
  /** Resolves when every client was told to close, or its connection broke. */
  done(): Promise<void>;
  close(): void;
}

/**
 * Keep-alive clients, each with one connection of its own, which send the next request 0 to `pauseMs` after the answer.
 * A client whose connection ends comes to rest: a new one may rightly be refused.
 * @param requestOf The n-th client's request.
 */
export function startDrainClients(url: string, count: number, pauseMs: number, requestOf: (client: number) => DrainRequest): DrainClients {
  const outcomes: Outcome[] = [];
  const agents: Agent[] = [];
  let established = 0;
  const lanes = Array.from({ length: count }, async (_, index) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, timeout: 60_000 });
    agents.push(agent);
    for (let answered = 0; ; answered++) {
      const outcome = await once(agent, url, requestOf(index));
      outcomes.push(outcome);
      if (answered === 0 && outcome.status !== undefined) established++;
      if (outcome.status === undefined || outcome.toldToClose) return;
      await sleep(Math.random() * pauseMs);
    }
  });
  return {
    outcomes,
    established: () => established,
    done: async () => void (await Promise.all(lanes)),
    close: () => agents.forEach((agent) => agent.destroy()),
  };
}

/** One request; `slowly` sends the body in ten pieces over so many milliseconds. */
export interface DrainRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly slowly?: number;
}

/** Sends one request over a connection of its own. */
export function sendAlone(url: string, sent: DrainRequest): Promise<Outcome> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return once(agent, url, sent).finally(() => agent.destroy());
}

function once(agent: Agent, url: string, { method, path, body, slowly }: DrainRequest): Promise<Outcome> {
  const payload = body === undefined ? '' : JSON.stringify(body);
  const headers = payload ? { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(payload)) } : {};
  return new Promise((resolve) => {
    const broken = (error: NodeJS.ErrnoException) =>
      resolve({ status: undefined, error: error.code ?? error.message, toldToClose: false, endedAt: performance.now() });
    const outgoing = request(new URL(path, url), { method, agent, headers }, (answer) => {
      answer.resume();
      answer.on('error', broken);
      answer.on('end', () =>
        resolve({ status: answer.statusCode, error: undefined, toldToClose: answer.headers.connection === 'close', endedAt: performance.now() }),
      );
    });
    outgoing.on('error', broken);
    if (slowly === undefined) outgoing.end(payload);
    else void drip(outgoing, payload, slowly);
  });
}

async function drip(outgoing: ClientRequest, payload: string, overMs: number): Promise<void> {
  const pieces = 10;
  const size = Math.ceil(payload.length / pieces);
  for (let piece = 0; piece < pieces; piece++) {
    if (outgoing.destroyed) return;
    outgoing.write(payload.slice(piece * size, (piece + 1) * size));
    await sleep(overMs / pieces);
  }
  outgoing.end();
}

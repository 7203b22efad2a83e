import { Agent, request, type IncomingHttpHeaders } from 'node:http';

/** An answer, with the time from the call to its last byte. */
export interface CallResult {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The parsed JSON, or the text where the answer is not JSON. */
  readonly body: unknown;
  readonly elapsedMs: number;
}

/** A plain client on keep-alive connections, without retries: what it reports is what the service did. */
export interface Caller {
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<CallResult>;
  /** Closes its connections. */
  close(): void;
}

/** A call is given up after this long, far beyond every promise, so that a hang fails its test instead of the run. */
const GIVE_UP_MS = 15_000;

/** Makes a client of one service. */
export function createCaller(baseUrl: string): Caller {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 1000 });
  return {
    call: (method, path, body, headers = {}) => callOnce(agent, new URL(path, baseUrl), method, body, headers),
    close: () => {
      agent.destroy();
    },
  };
}

function callOnce(
  agent: Agent,
  url: URL,
  method: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Promise<CallResult> {
  const startedAtMs = performance.now();
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const typed = payload === undefined ? headers : { 'content-type': 'application/json', ...headers };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, method, headers: typed, signal: AbortSignal.timeout(GIVE_UP_MS) }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const elapsedMs = performance.now() - startedAtMs;
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: parse(Buffer.concat(chunks)), elapsedMs });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}

function parse(bytes: Buffer): unknown {
  const text = bytes.toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';

/** A whole answer. `Body` is what the caller expects it to hold; undefined where there is no body. */
export interface ApiReply<Body> {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The parsed JSON body, or the text of another one. */
  readonly body: Body;
  readonly text: string;
}

/** What a call may carry beside its method and path. */
export interface Sending {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string | Buffer;
  /** `undefined` leaves out a header that would be sent by default. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** A call and its answer, for a check that every answer must pass. */
export interface SeenCall {
  readonly method: string;
  readonly path: string;
  readonly reply: ApiReply<unknown>;
}

/** A client of one service's API, without retries: what it reports is what the service did. */
export interface ApiClient<Body> {
  send(method: string, path: string, sending?: Sending): Promise<ApiReply<Body>>;
  get(path: string, headers?: Sending['headers']): Promise<ApiReply<Body>>;
  post(path: string, body: unknown, headers?: Sending['headers']): Promise<ApiReply<Body>>;
  put(path: string, body: unknown, headers?: Sending['headers']): Promise<ApiReply<Body>>;
  delete(path: string, headers?: Sending['headers']): Promise<ApiReply<Body>>;
  close(): void;
}

/** A call is given up after this long, so that a hang fails its test instead of the run. */
const giveUpMs = 15_000;

/** @param check - called with every answer; throws when the answer is not one that the service may give */
export function createApiClient<Body>(url: string, check: (call: SeenCall) => void = () => undefined): ApiClient<Body> {
  const agent = new Agent({ keepAlive: true, maxSockets: 50 });
  const send = async (method: string, path: string, sending: Sending = {}) => {
    const reply = (await callOnce(agent, url, method, path, sending)) as ApiReply<Body>;
    check({ method, path, reply });
    return reply;
  };
  return {
    send,
    get: (path, headers = {}) => send('GET', path, { headers }),
    post: (path, body, headers = {}) => send('POST', path, { body, headers }),
    put: (path, body, headers = {}) => send('PUT', path, { body, headers }),
    delete: (path, headers = {}) => send('DELETE', path, { headers }),
    close: () => agent.destroy(),
  };
}

function callOnce(agent: Agent, url: string, method: string, path: string, { body, raw, headers }: Sending): Promise<ApiReply<unknown>> {
  const { hostname, port } = new URL(url);
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const framing = payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(payload)) };
  const sent = headersOf({ ...framing, ...headers });
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(giveUpMs);
    // The path goes out as it was written: URL would tidy it up.
    const outgoing = request({ agent, hostname, port, method, path, headers: sent, signal }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: parsed(text), text });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}

function headersOf(offered: NonNullable<Sending['headers']>): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(offered)) if (value !== undefined) headers[name] = typeof value === 'string' ? value : [...value];
  return headers;
}

function parsed(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

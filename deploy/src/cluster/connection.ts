import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, NoApiServer, Unreachable } from './api-error';
import type { Endpoint } from './endpoint';
import { exchange, type Request, type Response } from './exchange';
import { Http2Connection } from './http2-connection';
import { Streams } from './streams';

/** One call of the API. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Begins with a slash; its parts are encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  /** Whether it may be sent again when nobody knows whether it arrived. @default true for GET */
  readonly repeatable?: boolean;
  /** Milliseconds until it is given up. @default 30000, within which the API server ends its own requests after 60 s */
  readonly timeoutMs?: number;
}

/** What the API answered. */
export interface Answer<Body = unknown> {
  readonly body: Body;
  /** Of HTTP; errors are thrown, so 200 to 399. */
  readonly status: number;
  /** The server's clock, in milliseconds since 1970, to the second. */
  readonly serverTime: number;
}

const defaultTimeoutMs = 30_000;

/** Tries of a call that may be repeated, and of any that was refused for now (429). */
const tries = 5;

/** First wait in milliseconds between tries; it doubles. Five tries wait 3 s together. */
const firstWaitMs = 200;

/** Talks JSON to one API server over connections that are kept. */
export class Connection {
  /** What has no end of its own. */
  readonly streams: Streams;
  private readonly http2: Http2Connection | undefined;

  /**
   * @param onAnswer - told of each call when it has ended: a line without any content
   * @param timeoutMs - until a call is given up that says nothing else
   */
  constructor(
    private readonly endpoint: Endpoint,
    private readonly onAnswer: (line: string) => void = () => undefined,
    private readonly timeoutMs = defaultTimeoutMs,
  ) {
    this.streams = new Streams(endpoint, onAnswer);
    this.http2 = endpoint.tls && new Http2Connection(endpoint.server, endpoint.tls);
  }

  /**
   * @throws ApiError when it is answered by an error
   * @throws Unreachable when it is not answered
   */
  async call<Body = unknown>(call: Call): Promise<Answer<Body>> {
    for (let attempt = 1, waitMs = firstWaitMs; ; attempt++, waitMs *= 2) {
      const startedAt = performance.now();
      const told = (outcome: string | number) =>
        this.onAnswer(`${call.method} ${call.path}${queryOf(call)} ${outcome} in ${(performance.now() - startedAt).toFixed(0)} ms`);
      try {
        const answer = await this.once<Body>(call);
        told('answered');
        return answer;
      } catch (error) {
        told(error instanceof ApiError ? error.code : 'not answered');
        if (attempt === tries || !mayRepeat(call, error)) throw error;
        await sleep(error instanceof ApiError && error.retryAfterMs !== undefined ? error.retryAfterMs : waitMs);
      }
    }
  }

  /** Ends the connections that are kept. */
  close(): void {
    this.http2?.close();
    this.endpoint.agent.destroy();
    this.endpoint.streamAgent.destroy();
  }

  private async once<Body>({
    method,
    path,
    query,
    body,
    contentType = 'application/json',
    accept = 'application/json',
    timeoutMs = this.timeoutMs,
  }: Call): Promise<Answer<Body>> {
    const { server, headers } = this.endpoint;
    const url = new URL(server.href.replace(/\/$/, '') + path);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const response = await this.answered({
      method,
      url,
      headers: { ...headers(), accept, 'user-agent': userAgent, ...(content && { 'content-type': contentType, 'content-length': content.length }) },
      content,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const serverTime = Date.parse(response.headers.date ?? '') || Date.now();
    if (response.status >= 400) throw ApiError.of(response.status, response.text, response.headers['retry-after'], serverTime);
    return { body: parsed(response, server, accept) as Body, status: response.status, serverTime };
  }

  private async answered(request: Request): Promise<Response> {
    try {
      return (await this.http2?.send(request)) ?? (await exchange(request, this.endpoint.agent));
    } catch (error) {
      throw new Unreachable(this.endpoint.server, error);
    }
  }
}

function queryOf({ query }: Call): string {
  return query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
}

const userAgent = `berth (${process.platform}; node ${process.versions.node})`;

function parsed({ text, headers }: Response, server: URL, accept: string): unknown {
  const isJson = headers['content-type']?.includes('json') === true;
  if (!isJson && accept.includes('json')) throw new NoApiServer(server);
  if (!isJson) return text;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Unreachable(server, error);
  }
}

/** What was answered "later" was not done; what wasn't answered may have been. */
function mayRepeat({ method, repeatable = method === 'GET' }: Call, error: unknown): boolean {
  if (error instanceof ApiError) return error.code === 429 || (repeatable && error.isPassing);
  return repeatable && error instanceof Unreachable && error.isPassing;
}

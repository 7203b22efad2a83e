import { connect, type Socket } from 'node:net';

/** One HTTP/1.1 answer as it lay on the wire. */
export interface RawResponse {
  readonly status: number;
  /** Names in lower case; a repeated header's values are joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What came back on one raw connection. */
export interface RawExchange {
  readonly responses: readonly RawResponse[];
  readonly bytes: Buffer;
  /** How it ended: the server's FIN, its RST, or neither within the time. */
  readonly ended: 'fin' | 'reset' | 'open';
  readonly elapsedMs: number;
}

/** Settings of {@link exchangeRaw}. */
export interface RawExchangeOptions {
  /** How long to wait for the server's FIN. @default 2000 */
  readonly timeoutMs?: number;
  /** Send our FIN after the last byte. @default false */
  readonly end?: boolean;
  /** Pause between the parts, when there are several. @default 20 */
  readonly pauseMs?: number;
  /** Read nothing before the last part is sent and a pause has passed, as a simple client does. @default false */
  readonly sendFirst?: boolean;
  /** Stop waiting as soon as this many answers are complete. @default no number: wait for the end */
  readonly enough?: number;
  /** The method of the first request, which says whether its answer has a body. @default 'GET' */
  readonly method?: string;
}

/** An answer that is not well-formed HTTP/1.1 (RFC 9112). */
export class MalformedResponseError extends Error {
  override readonly name = 'MalformedResponseError';
}

/**
 * Sends bytes as they are and reads until the server ends the connection.
 * @throws MalformedResponseError when what came back is not a row of well-formed answers.
 */
export async function exchangeRaw(port: number, parts: string | Buffer | readonly (string | Buffer)[], options: RawExchangeOptions = {}): Promise<RawExchange> {
  const { timeoutMs = 2000, end = false, pauseMs = 20, sendFirst = false, enough = Infinity, method = 'GET' } = options;
  const startedAtMs = performance.now();
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  const received: Buffer[] = [];
  const ended = new Promise<RawExchange['ended']>((resolve) => {
    socket.on('end', () => {
      resolve('fin');
    });
    socket.on('error', () => {
      resolve('reset');
    });
    socket.on('data', (bytes) => {
      received.push(bytes);
      if (countAnswers(Buffer.concat(received), method) >= enough) resolve('open');
    });
    setTimeout(resolve, timeoutMs, 'open').unref();
  });
  if (sendFirst) socket.pause();
  await sendAll(socket, typeof parts === 'string' || Buffer.isBuffer(parts) ? [parts] : parts, pauseMs);
  if (end) socket.end();
  if (sendFirst) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    socket.resume();
  }
  const how = await ended;
  socket.destroy();
  const bytes = Buffer.concat(received);
  return { responses: parseResponses(bytes, method), bytes, ended: how, elapsedMs: performance.now() - startedAtMs };
}

/** A request with the headers that it needs, as text; `headers` come last and may break it on purpose. */
export function rawRequest(method: string, path: string, headers: readonly string[] = [], body?: string | Buffer): Buffer {
  const length = body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  const head = [`${method} ${path} HTTP/1.1`, 'Host: localhost', ...length, ...headers, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body ?? '')]);
}

/**
 * Reads answers strictly: status line, header names and values, length or chunks, all of it there.
 * Interim answers (1xx) are checked and left out. Only the first answer may be one to a HEAD.
 * @throws MalformedResponseError naming what is wrong.
 */
export function parseResponses(bytes: Buffer, method = 'GET'): RawResponse[] {
  const responses: RawResponse[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const { response, length } = parseOne(rest, responses.length === 0 ? method : 'GET');
    if (response.status >= 200) responses.push(response);
    rest = rest.subarray(length);
  }
  return responses;
}

function countAnswers(bytes: Buffer, method: string): number {
  try {
    return parseResponses(bytes, method).length;
  } catch {
    return 0;
  }
}

async function sendAll(socket: Socket, parts: readonly (string | Buffer)[], pauseMs: number): Promise<void> {
  for (const [index, part] of parts.entries()) {
    if (index > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    if (socket.destroyed) return;
    socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part);
  }
}

function parseOne(bytes: Buffer, method: string): { response: RawResponse; length: number } {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) throw malformed('the head does not end', bytes);
  const [statusLine = '', ...headerLines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const status = Number(/^HTTP\/1\.1 ([1-9]\d\d) [\t\x20-\x7e\x80-\xff]*$/.exec(statusLine)?.[1]);
  if (!status) throw malformed('bad status line', bytes);
  const headers = parseHeaders(headerLines, bytes);
  const { body, length } = readBody(bytes.subarray(headEnd + 4), status, headers, method);
  return { response: { status, headers, body }, length: headEnd + 4 + length };
}

function parseHeaders(lines: readonly string[], bytes: Buffer): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [, name, value] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw malformed(`bad header line ${JSON.stringify(line)}`, bytes);
    const key = name.toLowerCase();
    if (key === 'content-length' && key in headers) throw malformed('two Content-Length headers', bytes);
    headers[key] = key in headers ? `${headers[key]}, ${value}` : value;
  }
  return headers;
}

function readBody(bytes: Buffer, status: number, headers: Record<string, string>, method: string): { body: Buffer; length: number } {
  if (status < 200 || status === 204 || status === 304 || method === 'HEAD') return { body: Buffer.alloc(0), length: 0 };
  if (headers['transfer-encoding'] !== undefined) {
    if (headers['content-length'] !== undefined) throw malformed('Transfer-Encoding beside Content-Length', bytes);
    return readChunks(bytes);
  }
  const declared = headers['content-length'];
  // Without a length the body lasts until the end of the connection.
  if (declared === undefined) return { body: bytes, length: bytes.length };
  if (!/^\d+$/.test(declared) || Number(declared) > bytes.length) throw malformed(`Content-Length ${declared} of ${bytes.length}`, bytes);
  return { body: bytes.subarray(0, Number(declared)), length: Number(declared) };
}

function readChunks(bytes: Buffer): { body: Buffer; length: number } {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const size = lineEnd < 0 ? NaN : parseInt(bytes.toString('latin1', at, lineEnd), 16);
    const end = lineEnd + 2 + size;
    if (Number.isNaN(size) || bytes.toString('latin1', end, end + 2) !== '\r\n') throw malformed('bad chunk', bytes);
    if (size === 0) return { body: Buffer.concat(chunks), length: end + 2 };
    chunks.push(bytes.subarray(lineEnd + 2, end));
    at = end + 2;
  }
}

function malformed(what: string, bytes: Buffer): MalformedResponseError {
  return new MalformedResponseError(`${what}: ${JSON.stringify(bytes.toString('latin1', 0, 400))}`);
}

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, crc32, deflateRawSync } from 'node:zlib';

/** What the stub answers; `raw` bytes go out as they are, without HTTP around them, and end the connection. */
export type StubAnswer =
  | {
      /** @default 200 */
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** Sent with its length; a generator is streamed chunk by chunk, as long as it is read. */
      readonly body?: string | Buffer | (() => Generator<Buffer>);
      /** @default 0 */
      readonly delayMs?: number;
    }
  | { readonly raw: string | Buffer };

/** A request that the stub has seen. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

/** An HTTP server that answers whatever a test wants of it, and remembers what it was asked. */
export interface HttpStub {
  readonly url: string;
  readonly requests: SeenRequest[];
  /** The most requests seen with one `X-Request-Id`: tries of one call. */
  mostTries(): number;
  answerWith(answer: StubAnswer | ((request: SeenRequest) => StubAnswer)): void;
  close(): Promise<void>;
}

/** Starts a stub on a free port of 127.0.0.1; it answers 200 and an empty body until told otherwise. */
export async function startHttpStub(answer: StubAnswer | ((request: SeenRequest) => StubAnswer) = {}): Promise<HttpStub> {
  let current = answer;
  const requests: SeenRequest[] = [];
  const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    const seen = { method: request.method ?? '', url: request.url ?? '', headers: request.headers };
    requests.push(seen);
    request.resume();
    void send(response, typeof current === 'function' ? current(seen) : current);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    mostTries: () => mostOfOneId(requests),
    answerWith: (next) => {
      current = next;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A JSON answer with its content type. */
export function jsonAnswer(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): StubAnswer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) };
}

/** A problem answer as the services give it (RFC 9457). */
export function problemAnswer(status: number, code: string, headers: Readonly<Record<string, string>> = {}): StubAnswer {
  const problem = { type: 'about:blank', title: code, status, detail: code, instance: '/', code, request_id: 'stub' };
  return jsonAnswer(status, problem, { 'content-type': 'application/problem+json', ...headers });
}

/** A JSON string of `bytes` letters, streamed in 64 KiB chunks, never held whole. */
export function* hugeJson(bytes: number): Generator<Buffer> {
  const chunk = Buffer.alloc(65_536, 'a');
  yield Buffer.from('{"id":1,"name":"');
  for (let sent = 0; sent < bytes; sent += chunk.length) yield chunk;
  yield Buffer.from('"}');
}

/** A sound gzip stream of about 1 MiB that unpacks to `mebibytes` MiB of spaces, which JSON allows around a value. */
export function gzipBomb(mebibytes: number): Buffer {
  const blockMebibytes = 16;
  const block = Buffer.alloc(blockMebibytes * 1024 * 1024, ' ');
  // A full flush ends the block on a byte and forgets the window, so the same bytes can follow one another.
  const packed = deflateRawSync(block, { level: 9, finishFlush: constants.Z_FULL_FLUSH });
  const blocks = Array.from({ length: Math.ceil(mebibytes / blockMebibytes) }, () => packed);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(blocks.reduce((sum) => crc32(block, sum), 0));
  trailer.writeUInt32LE((blocks.length * block.length) % 2 ** 32, 4);
  return Buffer.concat([Buffer.from('1f8b0800000000000003', 'hex'), ...blocks, deflateRawSync(''), trailer]);
}

async function send(response: ServerResponse, answer: StubAnswer): Promise<void> {
  if ('raw' in answer) {
    response.socket?.end(answer.raw);
    return;
  }
  if (answer.delayMs) await new Promise((resolve) => setTimeout(resolve, answer.delayMs));
  if (typeof answer.body === 'function') {
    response.writeHead(answer.status ?? 200, answer.headers);
    // A reader that leaves early ends the pipeline with an error, which is what the test wants of it.
    await pipeline(Readable.from(answer.body()), response).catch(() => undefined);
    return;
  }
  const length = Buffer.byteLength(answer.body ?? '');
  const bodiless = answer.status === 204 || answer.status === 304;
  response.writeHead(answer.status ?? 200, { ...answer.headers, ...(bodiless ? {} : { 'content-length': length }) });
  response.end(bodiless ? undefined : answer.body);
}

function mostOfOneId(requests: readonly SeenRequest[]): number {
  const tries = new Map<unknown, number>();
  for (const { headers } of requests) tries.set(headers['x-request-id'], (tries.get(headers['x-request-id']) ?? 0) + 1);
  return Math.max(0, ...tries.values());
}

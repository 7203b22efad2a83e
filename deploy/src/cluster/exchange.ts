import type { IncomingHttpHeaders, RequestOptions } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';

/** A request as it is sent. */
export interface Request {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly content?: Buffer | undefined;
  /** Aborted when time is up. */
  readonly signal: AbortSignal;
}

/** What came back, whatever its status. */
export interface Response {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends a request by HTTP/1.1, on a connection of an agent. @throws Error of Node.js when it isn't answered to the end */
export function exchange({ url, content, ...options }: Request, agent: RequestOptions['agent']): Promise<Response> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    send(url, { ...options, agent }, (response) => {
      textOf(response).then((text) => resolve({ status: response.statusCode!, headers: response.headers, text }), reject);
    })
      .on('error', reject)
      .end(content);
  });
}

/** All of a stream, chunk by chunk: an iterator over it costs as much as a whole request. @throws Error where it breaks off */
export function textOf(stream: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    stream
      .setEncoding('utf8')
      .on('data', (part: string) => (text += part))
      .on('end', () => resolve(text))
      .on('error', reject)
      .on('close', () => reject(Object.assign(new Error('the answer broke off'), { code: 'ECONNRESET' })));
  });
}

import { AxiosError, type AxiosAdapter, AxiosHeaders, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import type { Dispatcher, Pool } from 'undici';
import type { Carried, PeerConnection } from './peer-connection';

/** Most bytes of an answer that are read. */
export const answerLimitBytes = 64 * 1024;

/** Our own error code for an answer that is longer. */
export const answerTooLong = 'ERR_ANSWER_TOO_LONG';

/**
 * Lets axios send through an undici pool: half the cost of its own adapter, no redirects, no proxy, no decompression, a timeout over the
 * whole try (axios's own only watches for silence), and a bound on what is read. Requests have no body. A connection is left after an answer that isn't
 * JSON, and when it is old; an answer's `request` is its connection, for who finds more wrong with it.
 */
export function createUndiciAdapter(pool: Pool): AxiosAdapter {
  return (config) =>
    new Promise((resolve, reject) => {
      const one = new Try(config, resolve, reject);
      pool.dispatch({ path: config.url!, method: 'GET', headers: config.wireHeaders ?? [], headersTimeout: 0, bodyTimeout: 0 }, one);
    });
}

/** What is not declared as plain JSON counts as no JSON, whatever it looks like. */
const jsonPattern = /^application\/([\w.-]+\+)?json[ \t]*(;|$)/i;

/** Nobody reads an answer's headers: its status and its checked body say all. */
const noHeaders = new AxiosHeaders();

class Try implements Carried {
  connection?: PeerConnection;
  private controller: Dispatcher.DispatchController | undefined;
  private readonly startedAt = performance.now();
  private readonly timer: NodeJS.Timeout;
  private readonly chunks: Buffer[] = [];
  private length = 0;
  private status = 0;
  private isJson = false;
  private ended = false;

  constructor(
    private readonly config: InternalAxiosRequestConfig,
    private readonly resolve: (response: AxiosResponse) => void,
    private readonly reject: (error: AxiosError) => void,
  ) {
    const timeLeftMs = (config.deadlineAt ?? Infinity) - this.startedAt;
    this.timer = setTimeout(() => this.fail('no answer in time', AxiosError.ETIMEDOUT), Math.min(config.timeout ?? Infinity, Math.max(0, timeLeftMs)));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.ended) controller.abort(new Error('given up'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Record<string, string | string[]>): void {
    this.status = status;
    this.isJson = jsonPattern.test(String(headers['content-type'])) && (headers['content-encoding'] ?? 'identity') === 'identity';
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.length += chunk.length;
    if (this.length > answerLimitBytes) this.fail('the answer is too long', answerTooLong);
    else this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (!this.end()) return;
    const data = this.isJson ? (this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks)).toString('utf8') : '';
    const { config, status, connection } = this;
    if (!this.isJson || this.startedAt > connection!.leaveAt) connection!.leave();
    const response: AxiosResponse = { data, status, statusText: '', headers: noHeaders, config, request: connection };
    if (config.validateStatus?.(status) === false) this.reject(new AxiosError(`status ${status}`, AxiosError.ERR_BAD_RESPONSE, config, undefined, response));
    else this.resolve(response);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: NodeJS.ErrnoException): void {
    this.fail(error.message, error.code ?? AxiosError.ERR_NETWORK, error);
  }

  private fail(message: string, code: string, cause?: Error): void {
    if (!this.end()) return;
    const error = new AxiosError(message, code, this.config);
    if (cause) error.cause = cause;
    this.reject(error);
    this.controller?.abort(error);
  }

  private end(): boolean {
    if (this.ended) return false;
    this.ended = true;
    clearTimeout(this.timer);
    return true;
  }
}

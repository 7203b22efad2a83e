import type { AxiosError, AxiosResponse } from 'axios';
import CircuitBreaker from 'opossum';
import { Counter, type Registry } from 'prom-client';
import type { CallContext } from '../http/operation';
import type { Logger } from '../logger';
import { peerMetrics } from '../metrics/common-metrics';
import { LatencyHistogram } from '../metrics/latency-histogram';
import { gauge } from '../metrics/metrics';
import { causeChain } from '../cause-chain';
import { PeerInvalidAnswer, type PeerOutcome, PeerUnavailable } from './peer-errors';
import type { PeerConnection } from './peer-connection';
import { type CallLimits, createPeerHttp, permanentCodes } from './peer-http';
import { RetryBudget } from './retry-budget';

/** A complete answer below 500. */
export interface PeerAnswer {
  readonly status: number;
  /** The JSON body; `undefined` when it isn't JSON. */
  readonly body: unknown;
}

/** What an answer means to the caller; anything else is thrown as {@link PeerInvalidAnswer}. */
export type Reading<T> = { readonly outcome: 'ok' | 'not_found'; readonly value: T };

/** One call: a GET, since only calls that can be repeated are retried. */
export interface PeerCall<T> {
  readonly path: string;
  /** The path's template, for the log. */
  readonly route: string;
  readonly context: CallContext;
  /** @throws PeerInvalidAnswer when no healthy peer would answer so */
  read(answer: PeerAnswer): Reading<T>;
}

/** Calls another service: bounded in time, tries, concurrency and bytes. */
export interface PeerClient {
  readonly name: string;
  /**
   * @throws PeerUnavailable when the peer gave no usable answer within the deadline, or isn't asked because it is known to be down
   * @throws PeerInvalidAnswer when it answered nonsense
   */
  get<T>(call: PeerCall<T>): Promise<T>;
  /** Whether the peer says that it is ready, within half a second. Never throws. */
  isReady(): Promise<boolean>;
  close(): Promise<void>;
}

/** What a peer client is made of. */
export interface PeerOptions {
  readonly name: string;
  readonly baseUrl: string;
  readonly limits: CallLimits;
  readonly logger: Logger;
  readonly registry: Registry;
  /** Who asks, for `User-Agent`. */
  readonly userAgent: string;
}

/** The bulkhead: most calls at once, each on a socket of its own; one more is turned away at once. */
export const maximumCalls = 128;

/** The breaker opens when half of at least 20 calls within 10 s found no peer, and lets one call try again after 2 s. */
const breakerOptions = {
  timeout: false,
  capacity: maximumCalls,
  errorThresholdPercentage: 50,
  volumeThreshold: 20,
  rollingCountTimeout: 10_000,
  resetTimeout: 2_000,
} as const;

const readyTimeoutMs = 500;

/** Makes a client for one peer. */
export function createPeerClient({ name, baseUrl, limits, logger, registry, userAgent }: PeerOptions): PeerClient {
  const metrics = createPeerMetrics(registry, name);
  const budget = new RetryBudget();
  const http = createPeerHttp(baseUrl, limits, maximumCalls, budget, metrics.retried);

  const ask = async (path: string, { requestId, traceparent }: CallContext): Promise<AxiosResponse<string>> => {
    budget.deposit();
    return http.axios.get<string>(http.basePath + path, {
      deadlineAt: performance.now() + limits.deadlineMs,
      wireHeaders: ['accept', 'application/json', 'user-agent', userAgent, 'x-request-id', requestId, 'traceparent', traceparent],
    });
  };
  const breaker = new CircuitBreaker(ask, { ...breakerOptions, errorFilter: (error: AxiosError) => !countsAgainstPeer(error) });
  metrics.watch(breaker);

  return {
    name,
    async get({ path, route, context, read }) {
      const startedAt = performance.now();
      let outcome: PeerOutcome = 'invalid';
      let tries = 0;
      let cause: unknown;
      try {
        const response = await breaker.fire(path, context);
        tries = triesOf(response.config);
        const reading = readOrLeave(read, response);
        outcome = reading.outcome;
        return reading.value;
      } catch (error) {
        tries = triesOf((error as AxiosError).config);
        const translated = translate(name, error);
        if (!(translated instanceof PeerUnavailable || translated instanceof PeerInvalidAnswer)) throw error;
        outcome = translated.outcome;
        cause = translated;
        throw translated;
      } finally {
        const durationMs = performance.now() - startedAt;
        metrics.observe(outcome, durationMs / 1000);
        const ids = { request_id: context.requestId, trace_id: context.traceparent.slice(3, 35) };
        logger[cause === undefined ? 'info' : 'warn'](
          {
            ...ids,
            peer: name,
            method: 'GET',
            route,
            outcome,
            tries,
            duration_ms: Math.round(durationMs * 1000) / 1000,
            ...(cause !== undefined && { cause: causeChain(cause) }),
          },
          'outbound call',
        );
      }
    },
    async isReady() {
      try {
        const { statusCode, body } = await http.pool.request({
          path: `${http.basePath}/health/ready`,
          method: 'GET',
          headers: { 'user-agent': userAgent },
          signal: AbortSignal.timeout(readyTimeoutMs),
          // the connection ends with the answer: one that leads to the wrong place must not carry the next check too
          reset: true,
        });
        await body.dump({ limit: 64 * 1024 });
        return statusCode === 200;
      } catch {
        return false;
      }
    },
    async close() {
      breaker.shutdown();
      await http.pool.destroy();
    },
  };
}

/** Leaves the connection over which an answer came that is none of the peer's. */
function readOrLeave<T>(read: PeerCall<T>['read'], { status, data, request }: AxiosResponse<string>): Reading<T> {
  try {
    return read({ status, body: parseJson(data) });
  } catch (error) {
    (request as PeerConnection).leave();
    throw error;
  }
}

function createPeerMetrics(registry: Registry, peer: string) {
  const { requests, duration, retries, breaker } = peerMetrics;
  const histogram = new LatencyHistogram(registry, duration.name, duration.help, duration.labels);
  histogram.registerCounter(registry, requests.name, requests.help);
  const retried = new Counter({ name: retries.name, help: retries.help, labelNames: [...retries.labels], registers: [registry] });
  retried.inc({ peer, method: 'GET' }, 0);
  return {
    retried: () => retried.inc({ peer, method: 'GET' }),
    observe: (outcome: PeerOutcome, seconds: number) => histogram.labels(peer, 'GET', outcome).observe(seconds),
    watch: (circuit: { readonly opened: boolean; readonly halfOpen: boolean }) =>
      gauge(registry, breaker, (self) => self.set({ peer }, circuit.opened ? 2 : circuit.halfOpen ? 1 : 0)),
  };
}

/** Timeouts and unavailability count; a nonsense answer, a rate limit and our own bulkhead say nothing about whether the peer is there. */
function countsAgainstPeer({ response, code }: AxiosError): boolean {
  return code !== 'ESEMLOCKED' && !permanentCodes.has(code ?? '') && response?.status !== 429;
}

function translate(peer: string, error: unknown): unknown {
  if (error instanceof PeerInvalidAnswer) return error;
  const { code, response } = error as AxiosError;
  if (code === 'EOPENBREAKER' || code === 'ESEMLOCKED') return new PeerUnavailable(peer, 'rejected', { cause: error });
  if (response?.status === 429) return new PeerUnavailable(peer, 'rate_limited');
  if (response !== undefined) return new PeerUnavailable(peer, 'unavailable', { cause: new Error(`status ${response.status}`) });
  if (permanentCodes.has(code ?? '')) return new PeerInvalidAnswer(peer, `the answer can't be read (${code})`);
  if (typeof code !== 'string') return error;
  const outcome = code === 'ETIMEDOUT' || code === 'UND_ERR_CONNECT_TIMEOUT' ? 'timeout' : 'unavailable';
  return new PeerUnavailable(peer, outcome, { cause: new Error(`${code}: ${(error as Error).message}`) });
}

function triesOf(config: object | undefined): number {
  const state = (config as { 'axios-retry'?: { retryCount?: number } } | undefined)?.['axios-retry'];
  return config === undefined ? 0 : (state?.retryCount ?? 0) + 1;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

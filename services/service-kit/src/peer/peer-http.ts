import axios, { type AxiosError, type AxiosInstance } from 'axios';
import axiosRetry from 'axios-retry';
import { Pool } from 'undici';
import { PeerConnection } from './peer-connection';
import type { RetryBudget } from './retry-budget';
import { answerTooLong, createUndiciAdapter } from './undici-adapter';

/** Bounds of one call. Times are in milliseconds. */
export interface CallLimits {
  /** One try. */
  readonly timeoutMs: number;
  /** All tries and the pauses between them. */
  readonly deadlineMs: number;
  /** The first try included. */
  readonly maxTries: number;
}

/** An axios instance for one peer, and the pool beneath it. */
export interface PeerHttp {
  readonly axios: AxiosInstance;
  readonly pool: Pool;
  /** What the peer's paths begin with, without a slash at the end. */
  readonly basePath: string;
}

declare module 'axios' {
  // Its declaration must repeat the name that it merges with.
  export interface AxiosRequestConfig {
    /** When the call must be over, on the clock of `performance.now()`. */
    deadlineAt?: number;
    /** Names and values in turn, sent as they are: axios would copy and normalise its own `headers` four times a call. */
    wireHeaders?: string[];
  }
}

/** First and longest pause between tries, in milliseconds; the real one is random below it ("full jitter"). */
const pause = { firstMs: 50, longestMs: 1_000 } as const;

/** A try that has less time than this left is not worth making. */
const shortestTryMs = 50;

/**
 * Makes the HTTP side of a peer: keep-alive, a timeout for each try, retries of network faults and 5xx within the deadline and the budget.
 *
 * @param connections - most sockets to the peer
 */
export function createPeerHttp(baseUrl: string, limits: CallLimits, connections: number, budget: RetryBudget, onRetry: () => void): PeerHttp {
  const base = new URL(baseUrl);
  const pool = new Pool(base.origin, {
    connections,
    factory: (origin, options) => new PeerConnection(origin, options),
    pipelining: 1,
    connect: { timeout: limits.timeoutMs },
    keepAliveTimeout: 30_000,
    keepAliveMaxTimeout: 60_000,
    maxHeaderSize: 16 * 1024,
  });
  const instance = axios.create({
    adapter: createUndiciAdapter(pool),
    timeout: limits.timeoutMs,
    validateStatus: (status) => status < 500 && status !== 429,
  });
  forgetUnusedDefaults(instance.defaults);
  axiosRetry(instance, {
    retries: limits.maxTries - 1,
    shouldResetTimeout: true,
    retryCondition: (error) => isTransient(error) && timeLeft(error) > shortestTryMs && budget.withdraw(),
    retryDelay: (retry, error) => Math.min(jitter(retry), Math.max(0, timeLeft(error) - shortestTryMs)),
    onRetry,
  });
  return { axios: instance, pool, basePath: base.pathname.replace(/\/+$/, '') };
}

/**
 * axios merges its defaults with each call's settings, name by name, headers by method: a sixth of an order's cost. Those for bodies, browsers and its own
 * adapters are of no use to a GET through ours.
 */
function forgetUnusedDefaults(defaults: AxiosInstance['defaults']): void {
  const used: ReadonlySet<string> = new Set(['adapter', 'timeout', 'validateStatus', 'headers']);
  for (const name of Object.keys(defaults) as (keyof typeof defaults)[]) if (!used.has(name)) delete defaults[name];
  Object.assign(defaults, { headers: {} });
}

/** Only calls that can be repeated are made, so every network fault and every 5xx but an over-long answer may pass. */
function isTransient({ response, code }: AxiosError): boolean {
  return response === undefined ? !permanentCodes.has(code ?? '') : response.status >= 500;
}

/** Codes of answers that arrived and were nonsense: asking again would bring them again. */
export const permanentCodes: ReadonlySet<string> = new Set([answerTooLong, 'UND_ERR_HEADERS_OVERFLOW', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH']);

function timeLeft({ config }: AxiosError): number {
  return (config?.deadlineAt ?? 0) - performance.now();
}

function jitter(retry: number): number {
  return Math.random() * Math.min(pause.longestMs, pause.firstMs * 2 ** retry);
}

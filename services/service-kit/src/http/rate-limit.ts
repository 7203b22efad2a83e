import { isIP } from 'node:net';
import type { IncomingMessage } from 'node:http';
import type { Request, Response } from 'express';
import { Problem, problems } from '../problem';
import type { Exchange } from './exchange';

/** A limit on requests a client address. */
export interface RateLimit {
  /** Counts the request and sets the RateLimit headers. Rejects with a Problem 429 with `Retry-After`. */
  admit(exchange: Exchange): Promise<void>;
}

/** What the limiter is told. */
export interface RateLimitOptions {
  readonly requestsPerMinute: number;
  /** Reverse proxies in front whose `X-Forwarded-For` is believed. */
  readonly trustedHops: number;
}

/**
 * Limits requests with express-rate-limit and its memory store: each replica counts for itself. The headers are those of
 * draft-ietf-httpapi-ratelimit-headers (8th draft): `RateLimit` and `RateLimit-Policy`.
 */
export function createRateLimit({ requestsPerMinute, trustedHops }: RateLimitOptions): RateLimit {
  // Loaded on use: off by default.
  const { rateLimit, ipKeyGenerator } = require('express-rate-limit') as typeof import('express-rate-limit');
  const middleware = rateLimit({
    windowMs: 60_000,
    limit: requestsPerMinute,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    validate: false,
    keyGenerator: (request) => ipKeyGenerator(clientAddress(request, trustedHops)),
    handler: (_request, _response, next) => next(new Problem(problems.rateLimited, `At most ${requestsPerMinute} requests a minute: slow down`)),
  });
  return {
    admit: (exchange) =>
      new Promise((resolve, reject) => {
        const next = (error?: unknown) => (error instanceof Error ? reject(error) : resolve());
        void middleware(exchange.request as Request, headerCollector(exchange), next);
      }),
  };
}

/** The part of a response that the limiter uses: its headers go to the exchange, which writes all of them at once. */
function headerCollector({ response, furtherHeaders }: Exchange): Response {
  const add = (name: string, value: unknown) => void furtherHeaders.push(name, String(value));
  return { setHeader: add, append: add, header: add, set: add, headersSent: response.headersSent } as unknown as Response;
}

/**
 * The client's address: the connection's own, or the one that the outermost believed proxy put into `X-Forwarded-For`. Each proxy appends
 * whom it saw, so the list is read from its end, by position: what the client wrote itself never counts. An entry that is no address is
 * passed over towards the connection.
 */
export function clientAddress(request: IncomingMessage, trustedHops: number): string {
  const connection = request.socket.remoteAddress ?? '0.0.0.0';
  const header = request.headers['x-forwarded-for'];
  if (trustedHops === 0 || header === undefined) return connection;
  const believed = String(header).split(',').slice(-trustedHops).map(withoutPort);
  return believed.find((entry) => isIP(entry) !== 0) ?? connection;
}

/** Some proxies append `address:port`, with brackets around IPv6. */
function withoutPort(entry: string): string {
  const trimmed = entry.trim();
  return /^\[(.*)\](:\d+)?$/.exec(trimmed)?.[1] ?? /^([\d.]+):\d+$/.exec(trimmed)?.[1] ?? trimmed;
}

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import express, { type Router } from 'express';
import type { IdempotencyKeys } from '../idempotency/idempotency-keys';
import { causeChain } from '../cause-chain';
import { apiPrefix } from '../declaration';
import { Problem, problems } from '../problem';
import { sendProblem } from './answer';
import { Exchange, type ExchangeHost, Route } from './exchange';
import type { Operation } from './operation';
import { carryOut } from './operation-handler';
import type { RateLimit } from './rate-limit';
import { maxHeaders } from './server';

/** What an app is made of. */
export interface AppParts {
  readonly operations: readonly Operation[];
  readonly host: ExchangeHost;
  readonly keys: IdempotencyKeys;
  /** Left out when no limit is configured. */
  readonly rateLimit?: RateLimit | undefined;
}

interface ExchangeRequest extends IncomingMessage {
  exchange: Exchange;
  params: unknown;
}

/**
 * Builds the request listener: an exchange for each request, Express' router to find the operation, one place for errors. Express' own
 * application around the router would change every request's prototype and mount the paths twice, for nothing that is used here.
 */
export function createApp({ operations, host, keys, rateLimit }: AppParts): RequestListener {
  const routed = createRouter(operations, keys) as unknown as (request: IncomingMessage, response: ServerResponse, done: (error?: unknown) => void) => void;
  return (request, response) => {
    const exchange = new Exchange(request, response, host);
    (request as ExchangeRequest).exchange = exchange;
    const fault = headFault(request);
    if (fault !== undefined) {
      sendProblem(exchange, fault);
      return;
    }
    toOriginForm(request);
    const fail = (error: unknown) => answerError(exchange, host, error);
    const route = () => routed(request, response, (error) => fail(error ?? new Problem(problems.notFound, 'There is nothing at this path')));
    if (rateLimit === undefined || isServicePath(exchange.path)) route();
    else rateLimit.admit(exchange).then(route).catch(fail);
  };
}

/** What is wrong with a request's head that Node lets through. */
function headFault({ rawHeaders, headers, httpVersion }: IncomingMessage): Problem | undefined {
  if (rawHeaders.length > 2 * maxHeaders) return new Problem(problems.headersTooLarge, `A request may have at most ${maxHeaders} header fields`, closing);
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return new Problem(problems.malformedRequest, 'Only HTTP/1.1 and HTTP/1.0 are spoken here', closing);
  if (headers.expect !== undefined && httpVersion === '1.1' && headers.expect.toLowerCase() !== '100-continue') {
    return new Problem(problems.expectationFailed, 'Only Expect: 100-continue is supported', closing);
  }
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]!.length === 4 && rawHeaders[i]!.toLowerCase() === 'host') hosts++;
  // RFC 9112 section 3.2.
  if (hosts === 1 || (hosts === 0 && httpVersion === '1.0')) return undefined;
  return new Problem(problems.malformedRequest, 'A request must have exactly one Host header field', closing);
}

/** A proxy's form of the target, `http://host/path`, means the same as `/path` (RFC 9112 section 3.2.2). */
function toOriginForm(request: IncomingMessage): void {
  const { url } = request;
  if (url === undefined || url.startsWith('/') || !URL.canParse(url)) return;
  const { pathname, search } = new URL(url);
  request.url = pathname + search;
}

/** Probes, metrics and documentation are never limited: a limit must not make a pod look dead. */
function isServicePath(path: string): boolean {
  return /^(\/api\/v1)?\/(health(\/live|\/ready)?|metrics|version|openapi\.json|docs(\/[^/]*)?)$/.test(path);
}

const closing = { headers: { Connection: 'close' } } as const;

function createRouter(operations: readonly Operation[], keys: IdempotencyKeys): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  for (const [path, group] of Map.groupBy(operations, ({ path }) => path)) {
    const metricRoute = new Route(
      path,
      group.every(({ tag }) => tag === 'service'),
    );
    const pattern = path.replaceAll(/\{(\w+)\}/g, ':$1');
    const route = router.route([apiPrefix + pattern, pattern]);
    for (const operation of group) {
      route[operation.method]((request, _response) => {
        const { exchange, params } = request as unknown as ExchangeRequest;
        exchange.route = metricRoute;
        return carryOut(operation, exchange, params, keys);
      });
    }
    const allow = allowedMethods(group);
    route.all((request) => {
      const { exchange } = request as unknown as ExchangeRequest;
      exchange.route = metricRoute;
      if (exchange.request.method !== 'OPTIONS') throw new Problem(problems.methodNotAllowed, `Allowed here: ${allow}`, { headers: { Allow: allow } });
      exchange.answer(204, ['Allow', allow]);
    });
  }
  return router;
}

function allowedMethods(group: readonly Operation[]): string {
  const methods = group.map(({ method }) => method.toUpperCase());
  return [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].sort().join(', ');
}

/** The one place where errors end: an expected one is told, anything else is a bug and is logged with its stack. */
function answerError(exchange: Exchange, { logger }: ExchangeHost, error: unknown): void {
  const problem = toProblem(error);
  const ids = { request_id: exchange.requestId, trace_id: exchange.traceparent.slice(3, 35) };
  if (problem.type.status === 500) logger.error({ ...ids, err: error }, 'bug: unexpected error');
  else if (problem.type.status > 500) logger.warn({ ...ids, code: problem.type.code, cause: causeChain(problem.cause) }, problem.detail);
  sendProblem(exchange, problem);
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  // Express's router reports a path that can't be percent-decoded with a status of 400.
  if ((error as { status?: unknown } | null)?.status === 400)
    return new Problem(problems.invalidParameter, 'The path is not well-formed: check its percent-encoding');
  return new Problem(problems.internalError, 'Something went wrong on our side', { cause: error });
}

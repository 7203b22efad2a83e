import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import express, { type Router } from 'express';
import type { IdempotencyKeys } from '../idempotency/idempotency-keys';
import { Problem, problems } from '../problem';
import { sendProblem } from './answer';
import { Exchange, type ExchangeHost, Route } from './exchange';
import type { Operation } from './operation';
import { carryOut } from './operation-handler';
import type { RateLimit } from './rate-limit';
import { maxHeaders } from './server';

/** The canonical prefix of the API. The same paths answer without it too, for an Ingress that routes `/users` and the like. */
export const apiPrefix = '/api/v1';

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
 * Builds the request listener: an exchange for each request, Express to find the operation, one place for errors.
 */
export function createApp({ operations, host, keys, rateLimit }: AppParts): RequestListener {
  const app = express();
  app.disable('x-powered-by').disable('etag').enable('case sensitive routing').set('query parser', false);
  const router = createRouter(operations, keys);
  app.use(apiPrefix, router);
  app.use(router);
  const routed = app as unknown as (request: IncomingMessage, response: ServerResponse, done: (error?: unknown) => void) => void;
  return (request, response) => {
    const exchange = new Exchange(request, response, host);
    (request as ExchangeRequest).exchange = exchange;
    if (request.rawHeaders.length > 2 * maxHeaders) {
      sendProblem(exchange, new Problem(problems.headersTooLarge, `A request may have at most ${maxHeaders} header fields`, closing));
      return;
    }
    const fail = (error: unknown) => answerError(exchange, host, error);
    const route = () => routed(request, response, (error) => fail(error ?? new Problem(problems.notFound, 'There is nothing at this path')));
    if (rateLimit === undefined || isServicePath(exchange.path)) route();
    else rateLimit.admit(exchange).then(route).catch(fail);
  };
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
    const route = router.route(path.replaceAll(/\{(\w+)\}/g, ':$1'));
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
  else if (problem.type.status > 500) logger.warn({ ...ids, code: problem.type.code, err: problem.cause ?? problem }, problem.detail);
  sendProblem(exchange, problem);
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  // Express's router reports a path that can't be percent-decoded with a status of 400.
  if ((error as { status?: unknown } | null)?.status === 400)
    return new Problem(problems.invalidParameter, 'The path is not well-formed: check its percent-encoding');
  return new Problem(problems.internalError, 'Something went wrong on our side', { cause: error });
}

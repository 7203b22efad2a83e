import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../logger';
import type { LatencyHistogram, LatencySeries } from '../metrics/latency-histogram';
import type { Metrics } from '../metrics/metrics';
import { lingerAfter } from './lingering-close';
import type { UnsentAnswers } from './unsent-answers';

/**
 * The fast path: what every request costs, in one place. An exchange is one request and its one answer; it
 * carries the ids, writes the head as one flat array, and writes the log line and the metric as it answers.
 */
export class Exchange {
  readonly requestId: string;
  readonly traceparent: string;
  route: Route = unmatched;
  /** Headers that others than the handler add to the answer, names and values in turn. */
  readonly furtherHeaders: string[] = [];
  private readonly startedAt = performance.now();
  private answered = false;

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    private readonly host: ExchangeHost,
  ) {
    const { 'x-request-id': offeredId, traceparent } = request.headers;
    const uuid = randomUUID();
    this.requestId = typeof offeredId === 'string' && requestIdPattern.test(offeredId) ? offeredId : uuid;
    this.traceparent = typeof traceparent === 'string' && traceparentPattern.test(traceparent) ? traceparent : startTrace(uuid);
    host.metrics.inFlight.count++;
  }

  /** The path without its query. */
  get path(): string {
    const url = this.request.url ?? '/';
    const query = url.indexOf('?');
    return query === -1 ? url : url.slice(0, query);
  }

  /**
   * Answers, logs and measures. A second call does nothing: the first answer stands.
   *
   * @param headers - names and values in turn
   */
  answer(status: number, headers: readonly string[], body?: string | Buffer): void {
    if (this.answered) return;
    this.answered = true;
    const { response, host } = this;
    const head = [...baseHeadersFor(headers, host.baseHeaders), 'X-Request-Id', this.requestId, ...headers, ...this.furtherHeaders];
    if (body !== undefined) head.push('Content-Length', String(typeof body === 'string' ? Buffer.byteLength(body) : body.length));
    if ((host.draining() || this.asksForUpgrade) && !headers.includes('Connection')) head.push('Connection', 'close');
    if (!this.request.complete) lingerAfter(this.request);
    response.writeHead(status, head);
    response.end(body);
    host.unsent.watch(response);
    this.record(status);
  }

  /** False while answers that clients don't read have used up the memory for them: then a large one must not be given. */
  mayAnswer(bytes: number): boolean {
    return this.host.unsent.admits(bytes);
  }

  /** Node.js drops what came in one packet behind a request with `Upgrade`: closing tells its client that it was not carried out (RFC 9112 section 9.6). */
  private get asksForUpgrade(): boolean {
    return this.request.headers.upgrade !== undefined;
  }

  private record(status: number): void {
    const { route, host } = this;
    const durationMs = performance.now() - this.startedAt;
    const method = methodLabel(this.request.method);
    host.metrics.inFlight.count--;
    route.series(host.metrics.httpDuration, method, status).observe(durationMs / 1000);
    host.logger[route.quiet && status < 500 ? 'debug' : 'info'](
      {
        request_id: this.requestId,
        trace_id: this.traceparent.slice(3, 35),
        method,
        route: route.template,
        status,
        duration_ms: Math.round(durationMs * 1000) / 1000,
      },
      'request',
    );
  }
}

/** What an exchange needs from its service. */
export interface ExchangeHost {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly unsent: UnsentAnswers;
  /** Headers of every answer, names and values in turn. */
  readonly baseHeaders: readonly string[];
  /** True from SIGTERM on: every answer then says `Connection: close`. */
  draining(): boolean;
}

/** A route as metrics and logs know it: its template, never a path with ids. */
export class Route {
  private readonly known = new Map<string, LatencySeries>();

  /**
   * @param template - such as `/users/{id}`
   * @param quiet - logged at debug: probes, scrapes and documentation
   */
  constructor(
    readonly template: string,
    readonly quiet = false,
  ) {}

  /** The duration series for a method and status, kept so that a request looks nothing up by its labels. */
  series(histogram: LatencyHistogram, method: string, status: number): LatencySeries {
    const key = method + status;
    let series = this.known.get(key);
    if (!series) this.known.set(key, (series = histogram.labels(method, this.template, String(status))));
    return series;
  }
}

const requestIdPattern = /^[A-Za-z0-9._:/+=~-]{1,128}$/;
// https://www.w3.org/TR/trace-context/#traceparent-header: version ff is invalid, all-zero ids are too.
const traceparentPattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** The base headers but for the policy of an answer that brings its own: a browser would enforce both. */
function baseHeadersFor(headers: readonly string[], base: readonly string[]): readonly string[] {
  const own = 'Content-Security-Policy';
  if (!headers.includes(own)) return base;
  const at = base.indexOf(own);
  return at === -1 ? base : [...base.slice(0, at), ...base.slice(at + 2)];
}

/** A new trace, marked as not sampled: the UUID's digits, and its second half once more as the span. */
function startTrace(uuid: string): string {
  const span = uuid.slice(19, 23) + uuid.slice(24);
  return `00-${uuid.slice(0, 8)}${uuid.slice(9, 13)}${uuid.slice(14, 18)}${span}-${span}-00`;
}

/** Node accepts some 35 methods; the label keeps those that a route can have. */
function methodLabel(method: string | undefined): string {
  return method !== undefined && knownMethods.has(method) ? method : 'other';
}

const unmatched = new Route('unmatched');

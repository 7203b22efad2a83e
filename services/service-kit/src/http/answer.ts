import { Problem, problemBody, problems } from '../problem';
import type { Exchange } from './exchange';

/** What a handler answers: plain data, turned into HTTP by the kit. */
export interface Answer {
  readonly status: number;
  /** Serialised as JSON; left out for an empty answer. */
  readonly body?: unknown;
  /** A body of another type than JSON, instead of `body`. */
  readonly content?: { readonly type: string; readonly data: string | Buffer };
  /** Names in their usual spelling. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Something with an entity tag: a row, whose version grows by one with each change. */
export interface Versioned {
  readonly id: number;
  readonly version: number;
}

/** The entity tag of a row. */
export function entityTag({ id, version }: Versioned): string {
  return `"${id}-${version}"`;
}

/** 200 with the current state of a row; its tag makes `If-None-Match` and `If-Match` work. */
export function ok(body: unknown, entity: Versioned): Answer {
  return { status: 200, body, headers: { ETag: entityTag(entity), 'Cache-Control': 'private, no-cache' } };
}

/** 201 with the new row and where it is. */
export function created(location: string, body: unknown, entity: Versioned): Answer {
  return { status: 201, body, headers: { Location: location, ETag: entityTag(entity) } };
}

/** 204. */
export const noContent: Answer = { status: 204 };

const problemJson = 'application/problem+json';

/** Sends an answer. A GET whose entity tag the client already has becomes 304. */
export function send(exchange: Exchange, { status, body, content, headers }: Answer): void {
  if (status === 200 && headers?.['ETag'] !== undefined && isFresh(exchange, headers['ETag'])) {
    exchange.answer(304, flatten(headers));
    return;
  }
  if (content !== undefined) {
    exchange.answer(status, ['Content-Type', content.type, ...cacheControl(headers), ...flatten(headers)], content.data);
    return;
  }
  if (body === undefined) {
    exchange.answer(status, flatten(headers));
    return;
  }
  const type = headers?.['Content-Type'] === undefined ? jsonType : none;
  const text = JSON.stringify(body);
  if (exchange.mayAnswer(text.length)) exchange.answer(status, [...type, ...cacheControl(headers), ...flatten(headers)], text);
  else sendProblem(exchange, new Problem(problems.overloaded, 'Too many answers wait for clients that read slowly: try again'));
}

/** Sends a problem as RFC 9457 says. */
export function sendProblem(exchange: Exchange, problem: Problem): void {
  const body = JSON.stringify(problemBody(problem, exchange.path, exchange.requestId));
  const { status, passing = false } = problem.type;
  const own = ['Content-Type', problemJson, ...cacheControl(undefined), ...flatten(problem.headers)];
  // The rate limit knows its own number of seconds.
  const retryAfter = passing && !exchange.furtherHeaders.includes('Retry-After') ? aSecond : none;
  exchange.answer(status, [...own, ...retryAfter], body);
}

function isFresh({ request }: Exchange, tag: string): boolean {
  const wanted = request.headers['if-none-match'];
  if (wanted === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return false;
  // RFC 9110 section 13.1.2: the comparison is weak, so a W/ prefix does not matter.
  return wanted.trim() === '*' || wanted.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}

function cacheControl(headers: Readonly<Record<string, string>> | undefined): readonly string[] {
  return headers?.['Cache-Control'] === undefined ? noStore : none;
}

const jsonType = ['Content-Type', 'application/json; charset=utf-8'] as const;
const noStore = ['Cache-Control', 'no-store'] as const;
const none: readonly string[] = [];
const aSecond = ['Retry-After', '1'] as const;

function flatten(headers: Readonly<Record<string, string>> | undefined): readonly string[] {
  if (headers === undefined) return none;
  const flat: string[] = [];
  for (const name in headers) flat.push(name, headers[name]!);
  return flat;
}

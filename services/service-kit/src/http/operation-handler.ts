import { createHash } from 'node:crypto';
import { idempotencyKeyPattern, type IdempotencyKeys, isStoredAnswer, type StoredAnswer } from '../idempotency/idempotency-keys';
import { Problem, problemBody, problems } from '../problem';
import { waitAtMost } from '../wait-at-most';
import { type Answer, entityTag, send } from './answer';
import type { Exchange } from './exchange';
import { readJsonBody } from './json-body';
import type { Operation, OperationInput, Precondition } from './operation';
import { parseQuery, validateBody, validateParameters } from './validation';

type Input = OperationInput<unknown, unknown, unknown>;

/**
 * Carries out one operation for one request: parse everything, run the handler, answer. Problems are thrown to the caller.
 *
 * @param params - the path's raw parameters
 */
export async function carryOut(operation: Operation, exchange: Exchange, params: unknown, keys: IdempotencyKeys): Promise<void> {
  const input = await readInput(operation, exchange, params);
  const key = operation.idempotent ? readIdempotencyKey(exchange) : undefined;
  send(exchange, key === undefined ? await operation.handle(input) : await carryOutOnce(operation, input, exchange, key, keys));
}

async function readInput({ params, query, body, conditional }: Operation, exchange: Exchange, rawParams: unknown): Promise<Input> {
  const { request, requestId, traceparent } = exchange;
  return {
    params: params && validateParameters(params, rawParams, 'path'),
    query: query && validateParameters(query, parseQuery(request.url ?? ''), 'query'),
    body: body && validateBody(body, await readJsonBody(request)),
    ifMatch: conditional === 'write' ? readIfMatch(request.headers['if-match']) : undefined,
    storing: undefined,
    context: { requestId, traceparent },
  };
}

/** RFC 9110 section 13.1.1: strong comparison, so a weak tag never matches. */
function readIfMatch(header: string | undefined): Precondition | undefined {
  if (header === undefined) return undefined;
  const tags = header.split(',').map((tag) => tag.trim());
  return (row) => tags.includes('*') || tags.includes(entityTag(row));
}

const keyPattern = new RegExp(idempotencyKeyPattern);

function readIdempotencyKey({ request }: Exchange): string | undefined {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return undefined;
  const match = keyPattern.exec(String(header));
  if (!match) throw new Problem(problems.invalidIdempotencyKey, 'Idempotency-Key must be 1 to 255 printable ASCII characters, best a UUID');
  // With and without quotes it is the same key.
  return match[2] ?? match[1];
}

async function carryOutOnce(operation: Operation, input: Input, exchange: Exchange, key: string, keys: IdempotencyKeys): Promise<Answer> {
  const claim = await keys.claim(operation.operationId, key, fingerprint(operation, input.body));
  if (isStoredAnswer(claim)) return replayed(claim, exchange);
  let stored = false;
  try {
    const answer = await operation.handle({ ...input, storing: (toAnswer) => (result) => claim.alongside(toStored(toAnswer(result))) });
    stored = true;
    return answer;
  } catch (error) {
    if (error instanceof Problem && isFinal(error)) {
      await claim.complete({ status: error.type.status, headers: error.headers ?? {}, body: problemBody(error, exchange.path, exchange.requestId) });
      stored = true;
    }
    throw error;
  } finally {
    // A database that is silent must not hold up the answer; the claim then runs out by itself.
    await waitAtMost(
      releaseWaitMs,
      claim.release(stored).catch(() => undefined),
    );
  }
}

/** Milliseconds that an answer waits for its claim's release, so that an immediate retry finds the key free. */
const releaseWaitMs = 100;

/** Validated content, so that white space and member order do not matter. */
function fingerprint({ operationId }: Operation, body: unknown): string {
  return createHash('sha256')
    .update(`${operationId}\n${JSON.stringify(body)}`)
    .digest('hex');
}

/** A retry would meet the same answer. */
function isFinal({ type }: Problem): boolean {
  return type.status === 404 || (type.status === 409 && type.passing !== true);
}

function toStored({ status, headers, body }: Answer): StoredAnswer {
  return { status, headers: headers ?? {}, body };
}

/** A replayed problem speaks of the request that asks now. */
function replayed({ status, headers, body }: StoredAnswer, { requestId, path }: Exchange): Answer {
  const own = status >= 400 ? { ...(body as object), instance: path, request_id: requestId } : body;
  const contentType: Record<string, string> = status >= 400 ? { 'Content-Type': 'application/problem+json' } : {};
  return { status, body: own, headers: { ...headers, ...contentType, 'Idempotency-Replayed': 'true' } };
}

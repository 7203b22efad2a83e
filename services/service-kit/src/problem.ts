/** A kind of problem: what stays the same each time it occurs. */
export interface ProblemType {
  /** Stable name for programs; part of the published API. */
  readonly code: string;
  /** HTTP status. */
  readonly status: number;
  /** Short sentence for people, the same each time. */
  readonly title: string;
  /** The same request may succeed a little later: the answer says when by `Retry-After`. @default false */
  readonly passing?: boolean;
}

/** One fault of a request's content. */
export interface ContentFault {
  /** JSON pointer as a URI fragment (RFC 6901 section 6), such as `#/items/0/price`. */
  readonly pointer: string;
  readonly detail: string;
}

/** What can be told about one occurrence beside its type. */
export interface ProblemDetails {
  /** Headers for the answer, names in their usual spelling. */
  readonly headers?: Readonly<Record<string, string>>;
  /** All faults of the content at once. */
  readonly errors?: readonly ContentFault[];
  readonly cause?: unknown;
}

/**
 * An expected error: it has a stable code and a status and is answered as `application/problem+json`
 * (RFC 9457). Anything else that is thrown is a bug, logged with its stack and answered as a bare 500.
 */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly errors: readonly ContentFault[] | undefined;

  /** @param detail - one sentence about this occurrence, shown to the client: no secret, no personal data */
  constructor(
    readonly type: ProblemType,
    readonly detail: string,
    { headers, errors, cause }: ProblemDetails = {},
  ) {
    super(detail, cause === undefined ? undefined : { cause });
    this.headers = headers;
    this.errors = errors;
  }
}

/** Problems that any service may answer. The list is documented in `docs/api.md`. */
export const problems = {
  malformedRequest: { code: 'malformed_request', status: 400, title: 'Malformed HTTP request' },
  malformedJson: { code: 'malformed_json', status: 400, title: 'Malformed JSON' },
  invalidParameter: { code: 'invalid_parameter', status: 400, title: 'Invalid parameter' },
  invalidIdempotencyKey: { code: 'invalid_idempotency_key', status: 400, title: 'Invalid Idempotency-Key' },
  notFound: { code: 'not_found', status: 404, title: 'Not found' },
  methodNotAllowed: { code: 'method_not_allowed', status: 405, title: 'Method not allowed' },
  requestTimeout: { code: 'request_timeout', status: 408, title: 'Request timeout' },
  idempotencyKeyInUse: { code: 'idempotency_key_in_use', status: 409, title: 'A request with this Idempotency-Key is running', passing: true },
  editConflict: { code: 'edit_conflict', status: 409, title: 'Edit conflict', passing: true },
  preconditionFailed: { code: 'precondition_failed', status: 412, title: 'Precondition failed' },
  contentTooLarge: { code: 'content_too_large', status: 413, title: 'Content too large' },
  unsupportedMediaType: { code: 'unsupported_media_type', status: 415, title: 'Unsupported media type' },
  expectationFailed: { code: 'expectation_failed', status: 417, title: 'Expectation failed' },
  invalidContent: { code: 'invalid_content', status: 422, title: 'Invalid content' },
  idempotencyKeyReused: { code: 'idempotency_key_reused', status: 422, title: 'Idempotency-Key used for another request' },
  rateLimited: { code: 'rate_limited', status: 429, title: 'Too many requests', passing: true },
  headersTooLarge: { code: 'headers_too_large', status: 431, title: 'Request header fields too large' },
  internalError: { code: 'internal_error', status: 500, title: 'Internal error' },
  databaseUnavailable: { code: 'database_unavailable', status: 503, title: 'Database unavailable', passing: true },
  overloaded: { code: 'overloaded', status: 503, title: 'Overloaded', passing: true },
  insufficientStorage: { code: 'insufficient_storage', status: 507, title: 'Insufficient storage' },
} as const satisfies Record<string, ProblemType>;

/** The members of a problem's JSON body. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  readonly request_id: string;
  readonly errors?: readonly ContentFault[];
}

/**
 * Renders a problem as RFC 9457 says.
 *
 * @param instance - the request's path, without its query
 */
export function problemBody(problem: Problem, instance: string, requestId: string): ProblemBody {
  const { type, detail, errors } = problem;
  return {
    type: `urn:berth:problem:${type.code}`,
    title: type.title,
    status: type.status,
    detail,
    instance,
    code: type.code,
    request_id: requestId,
    ...(errors && { errors }),
  };
}

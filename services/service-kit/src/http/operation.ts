import type * as z from 'zod';
import type { AlongsideWrite } from '../idempotency/idempotency-keys';
import type { ProblemType } from '../problem';
import type { Answer, Versioned } from './answer';

/** Ids that travel with a request into every log line and outbound call. */
export interface CallContext {
  readonly requestId: string;
  /** W3C trace context header. */
  readonly traceparent: string;
}

/** Tells whether a row is the one that the client's `If-Match` names. */
export type Precondition = (row: Versioned) => boolean;

/** What a handler gets: everything parsed, nothing of HTTP. */
export interface OperationInput<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Set when the client sent `If-Match` to an operation that honours it. */
  readonly ifMatch: Precondition | undefined;
  /**
   * Set when the client sent an `Idempotency-Key`: turns "how the effect is answered" into the steps that must commit with it.
   */
  readonly storing: (<Result>(answer: (result: Result) => Answer) => AlongsideWrite<Result>) | undefined;
  readonly context: CallContext;
}

/** One possible success of an operation. */
export interface AnswerDefinition {
  readonly description: string;
  /** The JSON body's schema; left out when there is none. */
  readonly body?: z.ZodType;
  /** Media type of a body that isn't JSON. */
  readonly contentType?: string;
  /** Further headers, name to description. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An operation as a service defines it: the one place from which routing, validation and OpenAPI follow. */
export interface OperationDefinition<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Path without the API prefix, parameters in braces: `/users/{id}`. */
  readonly path: string;
  /** Stable name, also the scope of its idempotency keys. */
  readonly operationId: string;
  readonly summary: string;
  readonly tag: string;
  readonly params?: Params;
  /** Query parameters; an unknown one is refused. */
  readonly query?: Query;
  readonly body?: Body;
  /** The body's schema in the documentation, where the checking one can't be shown. @default body */
  readonly documentedBody?: z.ZodType;
  /** `If-None-Match` for reads, `If-Match` for writes. */
  readonly conditional?: 'read' | 'write';
  /** Takes an `Idempotency-Key`. */
  readonly idempotent?: boolean;
  readonly answers: Readonly<Record<number, AnswerDefinition>>;
  /** Problems beside those that follow from the rest of the definition. */
  readonly problems: readonly ProblemType[];
  handle(input: OperationInput<z.output<Params>, z.output<Query>, z.output<Body>>): Promise<Answer>;
}

/** An operation whose types have been checked. */
export type Operation = OperationDefinition<z.ZodType, z.ZodType, z.ZodType>;

/** Checks a definition's types and forgets them, so that operations of all shapes fit in one list. */
export function defineOperation<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
  definition: OperationDefinition<Params, Query, Body>,
): Operation {
  return definition;
}

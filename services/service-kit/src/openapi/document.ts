import * as z from 'zod';
import type { ZodOpenApiHeadersObject, ZodOpenApiOperationObject, ZodOpenApiPathsObject, ZodOpenApiResponseObject } from 'zod-openapi';
import { apiPrefix } from '../declaration';
import { idempotencyKeyPattern } from '../idempotency/idempotency-keys';
import type { AnswerDefinition, Operation } from '../http/operation';
import { problems, type ProblemType } from '../problem';

/** What the document tells about the service as a whole. */
export interface DocumentInfo {
  readonly title: string;
  readonly version: string;
  readonly description: string;
}

/** Writes the OpenAPI 3.1 document of a list of operations, from the schemas that validate their requests. */
export async function createOpenApiDocument(info: DocumentInfo, operations: readonly Operation[]): Promise<object> {
  // Loaded on use: only the documentation needs it.
  const { createDocument } = await import('zod-openapi');
  const paths: ZodOpenApiPathsObject = {};
  const schemas = new ProblemSchemas();
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describeOperation(operation, schemas) };
  }
  return createDocument({
    openapi: '3.1.1',
    info: { ...info, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [
      { url: apiPrefix, description: 'Canonical' },
      { url: '/', description: 'The same without the prefix' },
    ],
    paths,
  });
}

function describeOperation(operation: Operation, schemas: ProblemSchemas): ZodOpenApiOperationObject {
  const { operationId, summary, tag, params, query, body, documentedBody = body } = operation;
  const header = requestHeaders(operation);
  return {
    operationId,
    summary,
    tags: [tag],
    requestParams: {
      ...(params && { path: params as z.ZodObject }),
      ...(query && { query: query as z.ZodObject }),
      ...(header && { header }),
    },
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: documentedBody! } } } }),
    responses: { ...describeAnswers(operation), ...describeProblems(operation, schemas) },
  };
}

function requestHeaders({ conditional, idempotent }: Operation): z.ZodObject | undefined {
  const tag = z.string().optional();
  if (conditional === 'read') return z.object({ 'If-None-Match': tag.meta({ description: 'Entity tags that the client has: 304 when one is current' }) });
  if (conditional === 'write') return z.object({ 'If-Match': tag.meta({ description: 'Entity tags that the change is meant for: 412 when none is current' }) });
  if (idempotent) {
    const key = z.string().regex(new RegExp(idempotencyKeyPattern)).optional();
    return z.object({ 'Idempotency-Key': key.meta({ description: 'Makes the request safe to send again for 24 hours' }) });
  }
  return undefined;
}

function describeAnswers({ answers, conditional, idempotent }: Operation): Record<string, ZodOpenApiResponseObject> {
  const described = Object.entries(answers).map(([status, answer]) => [status, describeAnswer(answer, idempotent)] as const);
  const notModified = conditional === 'read' ? { 304: { description: 'The client has the current state' } } : {};
  return { ...Object.fromEntries(described), ...notModified };
}

function describeAnswer({ description, body, contentType, headers }: AnswerDefinition, idempotent: boolean | undefined): ZodOpenApiResponseObject {
  const all = { ...headers, ...(idempotent && { 'Idempotency-Replayed': 'true when this is a stored answer' }) };
  const schema = Object.entries(all).map(([name, text]) => [name, { description: text, schema: { type: 'string' as const } }]);
  return {
    description,
    ...(body && { content: { 'application/json': { schema: body } } }),
    ...(contentType !== undefined && { content: { [contentType]: { schema: { type: 'string' as const } } } }),
    ...(schema.length > 0 && { headers: Object.fromEntries(schema) as ZodOpenApiHeadersObject }),
  };
}

/** The problems that an operation may answer: its own and those that follow from its definition. */
export function problemsOf({ tag, params, query, body, conditional, idempotent, problems: own }: Operation): readonly ProblemType[] {
  const p = problems;
  const always = [p.malformedRequest, p.requestTimeout, p.expectationFailed, p.headersTooLarge, p.internalError];
  return [
    ...always,
    ...own,
    ...(params || query ? [p.invalidParameter] : []),
    ...(body ? [p.malformedJson, p.contentTooLarge, p.unsupportedMediaType, p.invalidContent] : []),
    ...(conditional === 'write' ? [p.preconditionFailed, p.editConflict] : []),
    ...(idempotent ? [p.invalidIdempotencyKey, p.idempotencyKeyInUse, p.idempotencyKeyReused] : []),
    ...(tag === 'service' ? [] : [p.rateLimited, p.databaseUnavailable, p.overloaded]),
    ...(body || conditional === 'write' ? [p.insufficientStorage] : []),
  ];
}

function describeProblems(operation: Operation, schemas: ProblemSchemas): Record<string, ZodOpenApiResponseObject> {
  const byStatus = Map.groupBy(problemsOf(operation), ({ status }) => status);
  const described = [...byStatus]
    .filter(([status]) => operation.answers[status] === undefined)
    .map(([status, types]) => [status, describeProblem(types, schemas)]);
  return Object.fromEntries(described) as Record<string, ZodOpenApiResponseObject>;
}

function describeProblem(types: readonly ProblemType[], schemas: ProblemSchemas): ZodOpenApiResponseObject {
  return {
    description: types.map(({ code, title }) => `\`${code}\`: ${title}`).join('; '),
    ...(types.some(({ passing }) => passing) && { headers: retryAfter }),
    content: { 'application/problem+json': { schema: schemas.of(types) } },
  };
}

const retryAfter: ZodOpenApiHeadersObject = {
  'Retry-After': { description: 'Seconds after which the same request may succeed', schema: { type: 'string', pattern: '^\\d+$' } },
};

/** One named schema for each set of problems, shared by all operations that may answer them. */
class ProblemSchemas {
  private readonly known = new Map<string, z.ZodType>();

  of(types: readonly ProblemType[]): z.ZodType {
    const id = `${types.map(({ code }) => pascalCase(code)).join('Or')}Problem`;
    let schema = this.known.get(id);
    if (!schema) this.known.set(id, (schema = problemSchema(types, id)));
    return schema;
  }
}

function pascalCase(code: string): string {
  return code.replaceAll(/(?:^|_)([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

function problemSchema(types: readonly ProblemType[], id: string): z.ZodType {
  return z
    .object({
      type: z.enum(types.map(({ code }) => `urn:berth:problem:${code}`)),
      title: z.string(),
      status: z.literal(types[0]!.status),
      detail: z.string(),
      instance: z.string(),
      code: z.enum(types.map(({ code }) => code)),
      request_id: z.string(),
      errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
    })
    .meta({ id });
}

import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import type { SeenCall } from './api-client';

/** The parts of an OpenAPI document that are looked at. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
}

interface DescribedOperation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

/** Reads a running service's own document. */
export async function readOpenApi(url: string): Promise<OpenApiDocument> {
  const answer = await fetch(`${url}/openapi.json`);
  return (await answer.json()) as OpenApiDocument;
}

/**
 * Makes a check that throws when an answer is not one that the document describes: an undocumented status or media type, or a body
 * that does not fit its schema. Paths and methods that the document doesn't have must be answered 404, 405 or (OPTIONS) 204.
 */
export function createOpenApiCheck(document: OpenApiDocument): (call: SeenCall) => void {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false, formats: { int64: true } });
  addFormats(ajv);
  ajv.addSchema(document, 'document');
  const validators = new Map<string, ValidateFunction>();
  const validatorAt = (steps: readonly string[]) => {
    const pointer = steps.map((step) => `/${encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('');
    let validate = validators.get(pointer);
    if (!validate) validators.set(pointer, (validate = ajv.compile({ $ref: `document#${pointer}` })));
    return validate;
  };

  return ({ method, path, reply }) => {
    const complain = (what: string) => {
      throw new Error(`${method} ${path} was answered ${reply.status}, but ${what}: ${reply.text.slice(0, 500)}`);
    };
    const template = templateOf(document, path);
    const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
    const operation = template === undefined ? undefined : document.paths[template]?.[verb];
    if (template === undefined || operation === undefined) {
      if (![204, 400, 404, 405, 429].includes(reply.status)) complain('OpenAPI has no such operation');
      return;
    }
    const described = operation.responses[reply.status];
    if (described === undefined) return complain('OpenAPI does not describe this status');
    const type = /^[^;]*/.exec(reply.headers['content-type'] ?? '')?.[0].trim() ?? '';
    const types = Object.keys(described.content ?? {});
    if (types.length === 0) return reply.text === '' ? undefined : complain('OpenAPI describes no body');
    const known = types.find((one) => one === type || one === '*/*' || one.startsWith(`${type};`));
    if (known === undefined) return complain(`OpenAPI describes ${types.join(', ')}, not ${type}`);
    if (method === 'HEAD' || !type.endsWith('json')) return undefined;
    const validate = validatorAt(['paths', template, verb, 'responses', String(reply.status), 'content', known, 'schema']);
    return validate(reply.body) ? undefined : complain(`the body does not fit its schema (${ajv.errorsText(validate.errors)})`);
  };
}

/** The documented path that a request's path is an instance of; one without parameters wins. */
function templateOf({ paths }: OpenApiDocument, path: string): string | undefined {
  const bare = path.replace(/\?.*$/s, '').replace(/^\/api\/v1(?=\/)/, '');
  if (paths[bare] !== undefined) return bare;
  return Object.keys(paths).find((template) => new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(bare));
}

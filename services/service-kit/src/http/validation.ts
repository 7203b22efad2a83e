import type * as z from 'zod';
import { type ContentFault, Problem, problems } from '../problem';
import { plainMessage } from './validation-messages';

/** Most faults that one answer lists. */
const maximumFaults = 100;

/**
 * Checks a request's content.
 *
 * @throws Problem 422 with all faults at once, but at most 100
 */
export function validateBody(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value, { error: plainMessage });
  if (result.success) return result.data;
  const faults = faultsOf(result.error);
  const count = `The content has ${faults.length} fault${faults.length === 1 ? '' : 's'}`;
  const which = faults.length > maximumFaults ? `, the first ${maximumFaults} are in errors` : ', see errors';
  throw new Problem(problems.invalidContent, count + which, { errors: faults.slice(0, maximumFaults) });
}

/**
 * Checks path or query parameters.
 *
 * @throws Problem 400 that names each wrong parameter
 */
export function validateParameters(schema: z.ZodType, value: unknown, where: 'path' | 'query'): unknown {
  const result = schema.safeParse(value, { error: plainMessage });
  if (result.success) return result.data;
  const details = result.error.issues.map((issue) => parameterFault(issue, where));
  throw new Problem(problems.invalidParameter, details.join('; '));
}

/**
 * Reads a query string. Each parameter may come once.
 *
 * @throws Problem 400 for a repeated parameter
 */
export function parseQuery(url: string): Record<string, string> {
  const start = url.indexOf('?');
  const query: Record<string, string> = Object.create(null) as Record<string, string>;
  if (start === -1) return query;
  for (const [name, value] of new URLSearchParams(url.slice(start + 1))) {
    if (name in query) throw new Problem(problems.invalidParameter, `Query parameter ${shown(name)} comes more than once: send it once`);
    query[name] = value;
  }
  return query;
}

function parameterFault(issue: z.core.$ZodIssue, where: string): string {
  if (issue.code === 'unrecognized_keys') return `Unknown ${where} parameter ${issue.keys.map(shown).join(', ')}`;
  return `${where === 'path' ? 'Path' : 'Query'} parameter ${shown(String(issue.path[0] ?? ''))}: ${issue.message}`;
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 64));
}

function faultsOf(error: z.ZodError): ContentFault[] {
  return error.issues.flatMap((issue) => issueFaults(issue, issue.path));
}

function issueFaults(issue: z.core.$ZodIssue, path: readonly PropertyKey[]): ContentFault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ pointer: pointerTo([...path, key]), detail: 'Unknown member' }));
  }
  return [{ pointer: pointerTo(path), detail: issue.message }];
}

/** RFC 6901 section 6: a JSON pointer as a URI fragment. */
function pointerTo(path: readonly PropertyKey[]): string {
  const tokens = path.map((key) => String(key).slice(0, 64).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1'));
  return `#${tokens.map((token) => `/${encodeURIComponent(token)}`).join('')}`;
}

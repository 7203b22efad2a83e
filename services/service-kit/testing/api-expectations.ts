import type { ApiReply } from './api-client';

/** A problem's members (RFC 9457). */
export interface ProblemAnswer {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  readonly request_id: string;
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
}

/** A list's members. */
export interface PageAnswer<Item> {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
  readonly limit: number;
}

/** ISO 8601 in UTC with milliseconds. */
export const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Expects a whole problem answer: status, stable code, media type, every member, and the request id that the header tells. */
export function expectProblem(reply: ApiReply<unknown>, status: number, code: string): ProblemAnswer {
  const body = reply.body as ProblemAnswer;
  const told = { ...body, title: typeof body?.title, detail: typeof body?.detail };
  expect({ status: reply.status, body: told }).toMatchObject({
    status,
    body: { type: `urn:berth:problem:${code}`, title: 'string', status, detail: 'string', code },
  });
  expect(reply.headers['content-type']).toBe('application/problem+json');
  expect(body.instance).toMatch(/^\/[^?]*$/);
  expect(body.request_id).toBe(reply.headers['x-request-id']);
  expect(Object.keys(body).filter((name) => !problemMembers.includes(name))).toEqual([]);
  return body;
}

const problemMembers = ['type', 'title', 'status', 'detail', 'instance', 'code', 'request_id', 'errors'];

/** Expects 422 with faults at each of these pointers, and at no others. One of the whole body may come with those of its members. */
export function expectFaults(reply: ApiReply<unknown>, ...pointers: readonly string[]): ProblemAnswer {
  const body = expectProblem(reply, 422, 'invalid_content');
  const found = new Set(body.errors.map(({ pointer }) => pointer));
  if (found.size > 1 && !pointers.includes('#')) found.delete('#');
  expect([...found].sort()).toEqual([...pointers].sort());
  for (const { detail } of body.errors) expect(detail).not.toBe('');
  return body;
}

/** The path of `Link: <…>; rel="next"`; undefined where there is none. */
export function nextLink({ headers }: ApiReply<unknown>): string | undefined {
  return /^<([^>]+)>; rel="next"$/.exec(String(headers['link'] ?? ''))?.[1];
}

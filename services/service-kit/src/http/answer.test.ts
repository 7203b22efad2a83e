import { type Answer, created, entityTag, noContent, ok, send, sendProblem } from './answer';
import type { Exchange } from './exchange';
import { Problem, problems } from '../problem';

interface Sent {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Sends an answer through an exchange that only writes down what it is told. */
function sentBy(answer: Answer | Problem, { method = 'GET', ifNoneMatch }: { method?: string; ifNoneMatch?: string } = {}): Sent {
  let sent: Sent | undefined;
  const exchange = {
    request: { method, headers: ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch } },
    path: '/users/1',
    requestId: 'r1',
    furtherHeaders: [],
    mayAnswer: () => true,
    answer(status: number, flat: readonly string[], body?: string) {
      sent = { status, headers: Object.fromEntries(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1]!]] : []))), body };
    },
  } as unknown as Exchange;
  if (answer instanceof Problem) sendProblem(exchange, answer);
  else send(exchange, answer);
  return sent!;
}

const row = { id: 7, version: 3 };

describe('an entity tag', () => {
  it('differs between rows and between versions of a row', () => {
    const tags = [row, { id: 7, version: 4 }, { id: 73, version: 1 }, { id: 7, version: 31 }, { id: 1, version: 1 }, { id: 11, version: 1 }].map(entityTag);
    expect(new Set(tags).size).toBe(tags.length);
    for (const tag of tags) expect(tag).toMatch(/^"[0-9-]+"$/);
  });

  it.each(['"7-3"', 'W/"7-3"', '"x", "7-3"', '"x",W/"7-3" ,"y"', '*', ' * '])('makes 304 of a GET with If-None-Match: %s', (ifNoneMatch) => {
    const { status, headers, body } = sentBy(ok({ id: 7 }, row), { ifNoneMatch });
    expect([status, headers['ETag'], headers['Content-Type'], body]).toEqual([304, '"7-3"', undefined, undefined]);
  });

  it.each(['"7-30"', '7-3', '"x"', '', 'w/"7-3"', '"7-3', ','])('makes 200 of a GET with If-None-Match: %s', (ifNoneMatch) => {
    expect(sentBy(ok({ id: 7 }, row), { ifNoneMatch })).toMatchObject({ status: 200, body: '{"id":7}' });
  });

  it('is not looked at for a change', () => {
    for (const method of ['PUT', 'PATCH', 'POST']) expect(sentBy(ok({}, row), { method, ifNoneMatch: '*' }).status).toBe(200);
    expect(sentBy(created('/users/7', {}, row), { ifNoneMatch: '*' }).status).toBe(201);
  });
});

describe('an answer', () => {
  it('may not be stored by caches unless it says so itself', () => {
    expect(sentBy({ status: 200, body: {} }).headers['Cache-Control']).toBe('no-store');
    expect(sentBy(ok({}, row)).headers['Cache-Control']).toBe('private, no-cache');
  });

  it('without a body has no Content-Type', () => {
    expect(sentBy(noContent)).toEqual({ status: 204, headers: {}, body: undefined });
  });

  it('of a problem has every member of RFC 9457 and the problem type of its code', () => {
    const { status, headers, body } = sentBy(new Problem(problems.overloaded, 'Too much'));
    expect([status, headers['Content-Type'], headers['Retry-After'], headers['Cache-Control']]).toEqual([503, 'application/problem+json', '1', 'no-store']);
    expect(JSON.parse(body!)).toEqual({
      ...{ type: 'urn:berth:problem:overloaded', title: 'Overloaded', status: 503, detail: 'Too much' },
      ...{ instance: '/users/1', code: 'overloaded', request_id: 'r1' },
    });
  });
});

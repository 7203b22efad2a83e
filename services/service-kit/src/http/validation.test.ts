import * as z from 'zod';
import { Problem } from '../problem';
import { parseQuery, validateBody, validateParameters } from './validation';

function problemOf(work: () => unknown): Problem {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a query string', () => {
  it('is read name by name, decoded', () => {
    expect({ ...parseQuery('/users?limit=5&email=a%2Bb%40c.d&name=a+b') }).toEqual({ limit: '5', email: 'a+b@c.d', name: 'a b' });
    expect({ ...parseQuery('/users') }).toEqual({});
  });

  it('may name each parameter once, also those that every object has', () => {
    expect(problemOf(() => parseQuery('/users?limit=1&limit=1')).type.status).toBe(400);
    expect(Object.keys(parseQuery('/users?__proto__=1&toString=2'))).toEqual(['__proto__', 'toString']);
    expect(problemOf(() => parseQuery('/users?__proto__=1&__proto__=2')).type.status).toBe(400);
  });
});

describe('parameters', () => {
  it('are refused with 400 that names each wrong one', () => {
    const schema = z.strictObject({ limit: z.string().regex(/^\d$/, 'must be a digit'), cursor: z.string().regex(/^x$/, 'must be x') });
    const { type, detail } = problemOf(() => validateParameters(schema, { limit: 'a', cursor: 'b', page: '2' }, 'query'));
    expect([type.status, detail]).toEqual([
      400,
      'Query parameter "limit": must be a digit; Query parameter "cursor": must be x; Unknown query parameter "page"',
    ]);
  });

  it('have their names shortened in what is told', () => {
    const { detail } = problemOf(() => validateParameters(z.strictObject({}), { ['x'.repeat(10_000)]: '1' }, 'query'));
    expect(detail.length).toBeLessThan(200);
  });
});

describe('content', () => {
  const schema = z.strictObject({ items: z.array(z.strictObject({ 'a/b~c': z.int('must be a whole number') })) });

  it('is refused with 422 and a pointer for each fault, escaped as RFC 6901 says', () => {
    const { type, errors } = problemOf(() => validateBody(schema, { items: [{ 'a/b~c': 'x', 'é "': 1 }], ['__proto__x']: 1 }));
    expect([type.status, errors]).toEqual([
      422,
      [
        { pointer: '#/items/0/a~1b~0c', detail: 'must be a whole number' },
        { pointer: '#/items/0/%C3%A9%20%22', detail: 'Unknown member' },
        { pointer: '#/__proto__x', detail: 'Unknown member' },
      ],
    ]);
  });

  it('is told in plain sentences what is expected, where a schema says nothing itself', () => {
    const bare = z.strictObject({
      list: z.array(z.string()).min(1).max(2),
      text: z.string().min(2).max(3),
      count: z.number(),
      whole: z.int().max(5),
      flag: z.boolean(),
      kind: z.enum(['sail', 'motor']),
      missing: z.array(z.string()),
    });
    const { errors } = problemOf(() => validateBody(bare, { list: [], text: 'abcd', count: '1', whole: 6, flag: 1, kind: 'row' }));
    expect(errors?.map(({ detail }) => detail)).toEqual([
      'must have at least 1 items',
      'must have at most 3 characters',
      'must be a number',
      'must be at most 5',
      'must be true or false',
      'must be one of sail, motor',
      'is missing: must be an array',
    ]);
    expect(problemOf(() => validateBody(bare, 7)).errors).toEqual([{ pointer: '#', detail: 'must be an object' }]);
  });

  it('that is wrong as a whole has the pointer of the whole', () => {
    expect(problemOf(() => validateBody(schema, null)).errors?.map(({ pointer }) => pointer)).toEqual(['#']);
  });

  it('with more faults than are listed says how many there are', () => {
    const members = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`m${i}`, i]));
    const { detail, errors } = problemOf(() => validateBody(z.strictObject({}), members));
    expect(detail).toContain('1000 faults');
    expect(errors?.length).toBeLessThan(1_000);
  });

  it('keeps a pointer whole when a member name has a lone surrogate', () => {
    expect(problemOf(() => validateBody(z.strictObject({}), { 'a\ud800': 1 })).errors?.[0]?.pointer).toBe('#/a%EF%BF%BD');
  });
});

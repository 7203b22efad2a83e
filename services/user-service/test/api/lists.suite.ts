import { expectProblem, nextLink } from '../../../service-kit/testing/api-expectations';
import { newEmail, type UserAnswer, type UsersInUse } from './users-in-use';

/** Lists of users. @param users - read when a test runs */
export function describeLists(users: () => UsersInUse): void {
  let made: UserAnswer[];

  beforeAll(async () => {
    made = [];
    for (let i = 0; i < 45; i++) made.push(await users().signUp({ name: `Listed ${i}` }));
  });

  it('gives 20 users a page by default and a Link to the next', async () => {
    const reply = await users().api.get(users().path);
    expect([reply.status, reply.body.items.length, reply.body.limit]).toEqual([200, 20, 20]);
    expect(Object.keys(reply.body)).toEqual(['items', 'next_cursor', 'limit']);
    expect(typeof reply.body.next_cursor).toBe('string');
    expect(nextLink(reply)).toBe(`/api/v1/users?limit=20&cursor=${reply.body.next_cursor}`);
  });

  it.each([1, 2, 7, 99, 100])('gives every user once, by id, following the Links of pages of %i', async (limit) => {
    const seen: UserAnswer[] = [];
    let path: string | undefined = `${users().path}?limit=${limit}`;
    let last: { items: readonly UserAnswer[]; next_cursor: string | null } | undefined;
    for (let pages = 0; path !== undefined && pages < 1_000; pages++) {
      if (limit < 7 && seen.length > 40) break;
      const reply = await users().api.get(path);
      expect([reply.status, reply.body.limit]).toEqual([200, limit]);
      expect(reply.body.items.length).toBeLessThanOrEqual(limit);
      seen.push(...reply.body.items);
      last = reply.body;
      path = nextLink(reply);
      expect(path === undefined).toBe(reply.body.next_cursor === null);
    }
    const all = await users().readAll();
    expect(seen).toEqual(all.slice(0, seen.length));
    if (limit >= 7) expect([seen.length, last?.next_cursor]).toEqual([all.length, null]);
    expect(all.filter(({ id }) => made.some((one) => one.id === id))).toEqual(made);
  });

  it('gives the same by offsets', async () => {
    const all = await users().readAll();
    const seen: UserAnswer[] = [];
    for (let offset = 0; offset <= all.length; offset += 50) {
      const reply = await users().api.get(`${users().path}?limit=50&offset=${offset}`);
      seen.push(...reply.body.items);
    }
    expect(seen).toEqual(all);
  });

  it('goes on by cursor from a page that was asked for by offset', async () => {
    const all = await users().readAll();
    const first = await users().api.get(`${users().path}?limit=3&offset=5`);
    expect(first.body.items).toEqual(all.slice(5, 8));
    expect((await users().api.get(nextLink(first)!)).body.items).toEqual(all.slice(8, 11));
  });

  it('answers an empty page past the end', async () => {
    for (const query of ['offset=1000000', 'offset=1000000000', 'cursor=9007199254740991']) {
      const reply = await users().api.get(`${users().path}?${query}`);
      expect([reply.status, reply.body, nextLink(reply)]).toEqual([200, { items: [], next_cursor: null, limit: 20 }, undefined]);
    }
  });

  it('tells no next page where the last one is full', async () => {
    const { length } = await users().readAll();
    const offset = length - 10;
    const reply = await users().api.get(`${users().path}?limit=10&offset=${offset}`);
    expect([reply.body.items.length, reply.body.next_cursor, nextLink(reply)]).toEqual([10, null, undefined]);
  });

  it('skips nobody when users of an earlier page are deleted between two pages', async () => {
    const all = await users().readAll();
    const [victim, ...others] = all.slice(-6);
    const first = await users().api.get(`${users().path}?limit=2&offset=${all.length - 6}`);
    await users().api.delete(`${users().path}/${victim!.id}`);
    const rest = await users().api.get(`${nextLink(first)!}`);
    expect([...first.body.items, ...rest.body.items].slice(1, 4)).toEqual(others.slice(0, 3));
  });

  it('finds one user by e-mail address in any case, and nobody by another', async () => {
    const user = made[7]!;
    for (const email of [user.email, user.email.toUpperCase()]) {
      const { body } = await users().api.get(`${users().path}?email=${encodeURIComponent(email)}`);
      expect(body).toEqual({ items: [user], next_cursor: null, limit: 20 });
    }
    const none = await users().api.get(`${users().path}?email=${newEmail()}`);
    expect(none.body).toEqual({ items: [], next_cursor: null, limit: 20 });
  });

  it('takes a plus in an address as it is encoded', async () => {
    const user = await users().signUp({ email: `plus+${newEmail()}` });
    expect((await users().api.get(`${users().path}?email=${encodeURIComponent(user.email)}`)).body.items).toEqual([user]);
  });

  const wrong = [
    ...['0', '101', '-1', '1.5', '', 'ten', '1e1', '05', '%201', '100000000000000000000'].map((limit) => `limit=${limit}`),
    ...['', 'x', '0', '-1', '1.5', '9007199254740992', 'MTA=', '%00'].map((cursor) => `cursor=${cursor}`),
    ...['-1', '1.5', '', 'x', '01', '1000000001', '9007199254740993'].map((offset) => `offset=${offset}`),
    ...['', 'nobody', 'a@b,c@d', '%ff%fe'].map((email) => `email=${email}`),
    ...['cursor=1&offset=0', 'offset=1&cursor=1', 'limit=1&limit=2', 'email=a@b.c&email=a@b.c', 'page=2', 'Limit=5', 'limit[]=5', '__proto__=1', '=1'],
  ];

  it.each(wrong)('answers 400 to ?%s', async (query) => {
    const problem = expectProblem(await users().api.get(`${users().path}?${query}`), 400, 'invalid_parameter');
    expect(problem.detail).not.toBe('');
  });

  it.each(['limit=1', 'limit=100', 'offset=0', 'limit=5&offset=2', ''])('answers 200 to ?%s', async (query) => {
    expect((await users().api.get(`${users().path}?${query}`)).status).toBe(200);
  });
}

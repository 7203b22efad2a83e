import { expectProblem, nextLink } from '../../../service-kit/testing/api-expectations';
import { newUserId, type OrderAnswer, type OrdersInUse } from './orders-in-use';

/** Lists of orders. @param orders - read when a test runs */
export function describeLists(orders: () => OrdersInUse): void {
  let user_id: number;
  let made: OrderAnswer[];

  beforeAll(async () => {
    user_id = newUserId();
    made = [];
    for (let i = 0; i < 25; i++) {
      const order = await orders().place({ user_id });
      made.push(i % 3 === 0 ? (await orders().change(order.id, { status: 'confirmed' })).body : order);
      if (i % 5 === 0) await orders().place();
    }
  });

  const lists: readonly (readonly [string, () => string, () => string])[] = [
    ['?user_id=', () => `${orders().path}?user_id=${user_id}&`, () => `/api/v1/orders?user_id=${user_id}&`],
    ['/user/{user_id}', () => `${orders().path}/user/${user_id}?`, () => `/api/v1/orders/user/${user_id}?`],
  ];

  describe.each(lists)("one user's orders by %s", (_how, list) => {
    it('are 20 a page by default, with a Link to the rest', async () => {
      const first = await orders().api.get(list().slice(0, -1));
      expect([first.status, first.body.items, first.body.limit]).toEqual([200, made.slice(0, 20), 20]);
      expect(Object.keys(first.body)).toEqual(['items', 'next_cursor', 'limit']);
      const rest = await orders().api.get(nextLink(first)!);
      expect([rest.body.items, rest.body.next_cursor, nextLink(rest)]).toEqual([made.slice(20), null, undefined]);
    });

    it.each([1, 7, 25, 100])('are all there, once and by id, in pages of %i', async (limit) => {
      expect(await orders().readList(`${list()}limit=${limit}`)).toEqual(made);
    });

    it('are found by offset, and by cursor from there', async () => {
      const page = await orders().api.get(`${list()}limit=4&offset=6`);
      expect(page.body.items).toEqual(made.slice(6, 10));
      expect((await orders().api.get(`${list()}limit=4&cursor=${page.body.next_cursor}`)).body.items).toEqual(made.slice(10, 14));
      expect((await orders().api.get(`${list()}offset=25`)).body).toEqual({ items: [], next_cursor: null, limit: 20 });
    });

    it('can be filtered by status, also from page to page', async () => {
      for (const status of ['pending', 'confirmed']) {
        expect(await orders().readList(`${list()}status=${status}&limit=2`)).toEqual(made.filter((order) => order.status === status));
      }
      expect(await orders().readList(`${list()}status=delivered`)).toEqual([]);
    });

    const wrong = [
      'limit=0',
      'limit=101',
      'limit=',
      'limit=1.5',
      'cursor=x',
      'cursor=',
      'offset=-1',
      'cursor=1&offset=1',
      'status=done',
      'status=',
      'status=PENDING',
      'status=pending&status=pending',
      'page=1',
    ];

    it.each(wrong)('answer 400 to %s', async (query) => {
      expectProblem(await orders().api.get(`${list()}${query}`), 400, 'invalid_parameter');
    });
  });

  it('gives Links that lead to the same list', async () => {
    for (const [, list, canonical] of lists) {
      const link = new URL(nextLink(await orders().api.get(`${list()}limit=2&status=pending`))!, 'http://x');
      expect(link.pathname).toBe(canonical().replace(/\?.*/, ''));
      expect(link.searchParams.get('status')).toBe('pending');
      expect(link.searchParams.get('limit')).toBe('2');
    }
  });

  it('gives the orders of all users by id', async () => {
    const all = await orders().readList(`${orders().path}?limit=100`);
    const ids = all.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
    expect(all.filter((order) => order.user_id === user_id)).toEqual(made);
    const byOffset = await orders().api.get(`${orders().path}?limit=100&offset=${all.length - 3}`);
    expect(byOffset.body.items).toEqual(all.slice(-3));
  });

  it('answers 200 with no items for a user that is unknown', async () => {
    for (const path of [`/user/${newUserId()}`, '/user/9007199254740990', '?user_id=9007199254740990']) {
      const reply = await orders().api.get(`${orders().path}${path}`);
      expect([reply.status, reply.body]).toEqual([200, { items: [], next_cursor: null, limit: 20 }]);
    }
  });

  it.each(['0', '-1', '1.5', 'abc', '01', '9007199254740992', '%20'])('answers 400 to the user_id %s', async (id) => {
    expectProblem(await orders().api.get(`${orders().path}/user/${id}`), 400, 'invalid_parameter');
    expectProblem(await orders().api.get(`${orders().path}?user_id=${id}`), 400, 'invalid_parameter');
  });

  it("refuses user_id as a query of one user's list, and takes only GET there", async () => {
    expectProblem(await orders().api.get(`${orders().path}/user/1?user_id=2`), 400, 'invalid_parameter');
    const reply = await orders().api.send('POST', `${orders().path}/user/1`, { body: {} });
    expectProblem(reply, 405, 'method_not_allowed');
    expect(reply.headers['allow']).toBe('GET, HEAD, OPTIONS');
  });
}

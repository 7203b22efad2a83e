import { expectFaults } from '../../../service-kit/testing/api-expectations';
import { newUserId, type OrdersInUse } from './orders-in-use';

/** The long form (`items`) and the short form (`product_id`, `quantity`). @param orders - read when a test runs */
export function describeForms(orders: () => OrdersInUse): void {
  const post = (body: unknown) => orders().api.post(orders().path, body);
  const item = { product_id: 'p', quantity: 2 };

  it('takes the short form as one item without a price', async () => {
    const user_id = newUserId();
    const reply = await post({ user_id, product_id: 'p', quantity: 2 });
    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({ user_id, items: [{ ...item, product_name: null, price: null }], shipping_address: null, total: null });
  });

  it('makes the same of both forms', async () => {
    const user_id = newUserId();
    const [long, short] = [await post({ user_id, items: [item] }), await post({ user_id, ...item })];
    const { id: _a, created_at: _b, updated_at: _c, ...ofLong } = long.body;
    expect(short.body).toMatchObject(ofLong);
  });

  const refused: readonly (readonly [string, object, readonly string[]])[] = [
    ['both forms', { user_id: 1, items: [item], ...item }, ['#/product_id', '#/quantity']],
    ['both forms, the items empty', { user_id: 1, items: [], ...item }, ['#/items', '#/product_id', '#/quantity']],
    ['both forms, the items null', { user_id: 1, items: null, ...item }, ['#/items', '#/product_id', '#/quantity']],
    ['items and a product', { user_id: 1, items: [item], product_id: 'p' }, ['#/product_id']],
    ['items and a quantity', { user_id: 1, items: [item], quantity: 2 }, ['#/quantity']],
    ['neither form', { user_id: 1 }, ['#/items']],
    ['neither form, with an address', { user_id: 1, shipping_address: 'x' }, ['#/items']],
    ['the short form without a product', { user_id: 1, quantity: 2 }, ['#/product_id']],
    ['the short form without a quantity', { user_id: 1, product_id: 'p' }, ['#/quantity']],
    ['the short form without a user', item, ['#/user_id']],
    ['the short form with a price', { user_id: 1, ...item, price: 1 }, ['#/price']],
    ['the short form with a name', { user_id: 1, ...item, product_name: 'x' }, ['#/product_name']],
    ['the short form with an address', { user_id: 1, ...item, shipping_address: 'x' }, ['#/shipping_address']],
    ['the short form with a null price', { user_id: 1, ...item, price: null }, ['#/price']],
    ['the long form without a user', { items: [item] }, ['#/user_id']],
    ['nothing', {}, ['#/user_id', '#/items']],
  ];

  it.each(refused)('answers 422 to %s', async (_what, body, pointers) => {
    expectFaults(await post(body), ...pointers);
  });

  it('replays an answer to the same order in the other form', async () => {
    const user_id = newUserId();
    const key = { 'idempotency-key': `forms-${user_id}` };
    const first = await orders().api.post(orders().path, { user_id, ...item }, key);
    const again = await orders().api.post(orders().path, { user_id: String(user_id), items: [item] }, key);
    expect([again.status, again.text, again.headers['idempotency-replayed']]).toEqual([201, first.text, 'true']);
  });
}

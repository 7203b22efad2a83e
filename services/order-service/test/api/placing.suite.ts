import { expectFaults, isoTime } from '../../../service-kit/testing/api-expectations';
import { newUserId, type OrdersInUse } from './orders-in-use';

/** Placing orders. @param orders - read when a test runs */
export function describePlacing(orders: () => OrdersInUse): void {
  it('answers 201 with the order, its Location and its ETag', async () => {
    const user_id = newUserId();
    const items = [
      { product_id: 'sku-1', product_name: 'Blue teapot', quantity: 3, price: 19.99 },
      { product_id: 'sku-2', product_name: null, quantity: 1, price: 0.5 },
    ];
    const reply = await orders().api.post(orders().path, { user_id, items, shipping_address: '12 Harbour Road, Kiel' });
    const { id } = reply.body;
    expect(reply.status).toBe(201);
    expect(Number.isSafeInteger(id) && id > 0).toBe(true);
    expect(reply.body).toEqual({
      ...{ id, user_id, status: 'pending', items, shipping_address: '12 Harbour Road, Kiel', total: 60.47 },
      ...{ created_at: expect.stringMatching(isoTime) as unknown, updated_at: reply.body.created_at },
    });
    expect(Object.keys(reply.body)).toEqual(['id', 'user_id', 'status', 'items', 'shipping_address', 'total', 'created_at', 'updated_at']);
    expect(Object.keys(reply.body.items[0]!)).toEqual(['product_id', 'product_name', 'quantity', 'price']);
    expect(reply.headers).toMatchObject({ location: `/api/v1/orders/${id}`, 'content-type': 'application/json; charset=utf-8' });
    const read = await orders().api.get(reply.headers['location']!);
    expect([read.text, read.headers['etag']]).toEqual([reply.text, reply.headers['etag']]);
  });

  it('knows what is left out as null, and null as left out', async () => {
    const bare = [{ product_id: 'p', quantity: 1 }];
    const nulls = [{ product_id: 'p', product_name: null, quantity: 1, price: null }];
    for (const body of [{ items: bare }, { items: nulls, shipping_address: null }]) {
      expect(await orders().place(body)).toMatchObject({ items: nulls, shipping_address: null, total: null });
    }
  });

  it('trims texts, and keeps items in their order and twice where they are sent twice', async () => {
    const items = ['b', ' a ', 'b', 'c\n'].map((product_id) => ({ product_id, product_name: ` ${product_id} `, quantity: 1 }));
    const order = await orders().place({ items, shipping_address: '\tQuay 1 ' });
    expect([order.items.map(({ product_id }) => product_id), order.items.map(({ product_name }) => product_name), order.shipping_address]).toEqual([
      ['b', 'a', 'b', 'c'],
      ['b', 'a', 'b', 'c'],
      'Quay 1',
    ]);
    expect(await orders().read(order.id)).toEqual(order);
  });

  it('gives ids that grow', async () => {
    const ids = [await orders().place(), await orders().place(), await orders().place()].map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
  });

  it('tells all faults at once, each at its pointer', async () => {
    const items = [
      { product_id: '', quantity: 0, price: -1 },
      { product_id: 'p', quantity: 1 },
      { quantity: '1', colour: 'red' },
    ];
    const reply = await orders().api.post(orders().path, { user_id: 0, items, shipping_address: ' ', status: 'shipped' });
    const ofItems = ['0/product_id', '0/quantity', '0/price', '2/product_id', '2/quantity', '2/colour'].map((place) => `#/items/${place}`);
    expectFaults(reply, '#/user_id', ...ofItems, '#/shipping_address', '#/status');
  });

  it('tells all faults of a hundred items at once, or how many there are', async () => {
    const items = Array.from({ length: 100 }, () => ({ product_id: 'p', quantity: 0 }));
    const { status, body } = await orders().api.post(orders().path, { user_id: 1, items });
    expect(status).toBe(422);
    if (body.errors.length < 100) expect(body.detail).toContain('100');
  });
}

import { setTimeout as sleep } from 'node:timers/promises';
import { expectFaults, expectProblem } from '../../../service-kit/testing/api-expectations';
import type { OrdersInUse } from './orders-in-use';

const item = { product_id: 'new', product_name: 'New', quantity: 2, price: 1.25 };

/** Changing an order. @param orders - read when a test runs */
export function describeChanges(orders: () => OrdersInUse, method: 'PUT' | 'PATCH'): void {
  const change = (id: number, body: unknown, headers = {}) => orders().api.send(method, `${orders().path}/${id}`, { body, headers });

  const subsets: readonly (readonly [string, Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>])[] = [
    ['the status', { status: 'confirmed' }, { status: 'confirmed' }],
    ['the address', { shipping_address: ' Quay 2 ' }, { shipping_address: 'Quay 2' }],
    ['the address to null', { shipping_address: null }, { shipping_address: null }],
    ['the items', { items: [item] }, { items: [item], total: 2.5 }],
    ['items and status', { items: [item], status: 'confirmed' }, { items: [item], total: 2.5, status: 'confirmed' }],
    ['all three', { items: [item], status: 'cancelled', shipping_address: 'Z' }, { items: [item], total: 2.5, status: 'cancelled', shipping_address: 'Z' }],
  ];

  it.each(subsets)('changes %s, and members that are not sent stay', async (_which, changes, then) => {
    const order = await orders().place({ shipping_address: 'Quay 1' });
    await sleep(3);
    const reply = await change(order.id, changes);
    expect([reply.status, reply.body]).toEqual([200, { ...order, ...then, updated_at: reply.body.updated_at }]);
    expect(reply.body.updated_at > order.updated_at).toBe(true);
    expect(await orders().read(order.id)).toEqual(reply.body);
  });

  it.each([
    ['pending', 200, 200],
    ['confirmed', 200, 409],
    ['shipped', 409, 409],
    ['delivered', 409, 409],
    ['cancelled', 409, 409],
  ])('of a %s order answers %i for the address and %i for the items', async (status, ofAddress, ofItems) => {
    const order = await orders().placeIn(status);
    const replies = [await change(order.id, { shipping_address: 'Elsewhere' }), await change(order.id, { items: [item] })];
    expect(replies.map((reply) => reply.status)).toEqual([ofAddress, ofItems]);
    for (const reply of replies.filter((one) => one.status === 409)) {
      expect(expectProblem(reply, 409, 'order_not_editable').detail).toContain(status);
    }
    const now = await orders().read(order.id);
    expect(now.shipping_address).toBe(ofAddress === 200 ? 'Elsewhere' : order.shipping_address);
    if (ofItems === 409) expect(now.items).toEqual(order.items);
  });

  it('changes nothing when one of several members is refused', async () => {
    const order = await orders().placeIn('confirmed');
    expect((await change(order.id, { status: 'shipped', items: [item] })).status).toBe(409);
    expect((await change(order.id, { status: 'pending', shipping_address: 'Elsewhere' })).status).toBe(409);
    expect((await change(order.id, { status: 'shipped', shipping_address: '' })).status).toBe(422);
    expect(await orders().read(order.id)).toEqual(order);
  });

  it('takes a last address together with the shipping', async () => {
    const { id } = await orders().placeIn('confirmed');
    expect((await change(id, { status: 'shipped', shipping_address: 'Quay 3' })).body).toMatchObject({ status: 'shipped', shipping_address: 'Quay 3' });
  });

  const faults: readonly (readonly [string, unknown, readonly string[]])[] = [
    ['nothing', {}, ['#']],
    ['null', null, ['#']],
    ['an array', [], ['#']],
    ['no items', { items: [] }, ['#/items']],
    ['101 items', { items: Array.from({ length: 101 }, () => ({ product_id: 'p', quantity: 1 })) }, ['#/items']],
    ['null items', { items: null }, ['#/items']],
    ['a bad item', { items: [item, { product_id: 'p', quantity: 0, price: 0.001 }] }, ['#/items/1/quantity', '#/items/1/price']],
    ['a long address', { shipping_address: 'x'.repeat(256) }, ['#/shipping_address']],
    ['the user', { user_id: 2 }, ['#/user_id']],
    ['the short form', { product_id: 'p', quantity: 1 }, ['#/product_id', '#/quantity']],
    ['a total', { status: 'confirmed', total: 1 }, ['#/total']],
  ];

  it.each(faults)('answers 422 to %s and changes nothing', async (_what, body, pointers) => {
    const order = await orders().place();
    expectFaults(await change(order.id, body), ...pointers);
    expect(await orders().read(order.id)).toEqual(order);
  });

  it('answers 404 for an order that is unknown', async () => {
    expectProblem(await change(987_654_321, { status: 'confirmed' }), 404, 'order_not_found');
  });

  it('honours If-Match: the ETag, a list with it and * pass, others answer 412 and change nothing', async () => {
    const order = await orders().place();
    const tag = async () => (await orders().api.get(`${orders().path}/${order.id}`)).headers['etag']!;
    for (const header of [await tag(), '*']) expect((await change(order.id, { shipping_address: header }, { 'if-match': header })).status).toBe(200);
    expect((await change(order.id, { shipping_address: 'list' }, { 'if-match': `"a", ${await tag()}` })).status).toBe(200);
    const before = await orders().read(order.id);
    for (const header of ['"a"', `W/${await tag()}`, (await tag()).slice(1, -1), '']) {
      expectProblem(await change(order.id, { status: 'cancelled' }, { 'if-match': header }), 412, 'precondition_failed');
    }
    expect(await orders().read(order.id)).toEqual(before);
  });

  it('lets exactly one of twenty writers with the same ETag win', async () => {
    const { id } = await orders().place();
    const etag = (await orders().api.get(`${orders().path}/${id}`)).headers['etag']!;
    const replies = await Promise.all(Array.from({ length: 20 }, (_, i) => change(id, { shipping_address: `Quay ${i}` }, { 'if-match': etag })));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(19).fill(412)]);
  });
}

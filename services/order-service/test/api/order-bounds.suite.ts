import { expectFaults } from '../../../service-kit/testing/api-expectations';
import type { OrdersInUse } from './orders-in-use';

const maximumId = Number.MAX_SAFE_INTEGER;

/** A value as it is written in JSON, and what the answer then holds. */
type Taken = readonly [written: string, kept: unknown];

const userIds: readonly Taken[] = [
  ['1', 1],
  ['"1"', 1],
  ['7.0', 7],
  ['1e3', 1000],
  [`${maximumId}`, maximumId],
  [`"${maximumId}"`, maximumId],
];

const noUserIds = [
  '0',
  '-1',
  '1.5',
  '9007199254740992',
  '"9007199254740992"',
  '"0"',
  '"-1"',
  '"1.5"',
  '"1e3"',
  '" 1"',
  '"1 "',
  '"+1"',
  '"0x1"',
  '"１"',
  '""',
  '"abc"',
  '"1/../2"',
  'null',
  'true',
  '[]',
  '[1]',
  '{}',
  '1e400',
];

const productIds: readonly Taken[] = [
  ['"p"', 'p'],
  [JSON.stringify('p'.repeat(64)), 'p'.repeat(64)],
  [JSON.stringify('😀'.repeat(64)), '😀'.repeat(64)],
  [JSON.stringify(`  ${'é'.repeat(64)}\n`), 'é'.repeat(64)],
  ['"007"', '007'],
  ['42', '42'],
  ['0', '0'],
  ['-5', '-5'],
  [`${maximumId}`, `${maximumId}`],
];

const noProductIds = [
  '""',
  '"  "',
  JSON.stringify('p'.repeat(65)),
  JSON.stringify('😀'.repeat(65)),
  '"a\\u0000b"',
  '"\\ud800"',
  '1.5',
  '9007199254740992',
  '1e400',
  'null',
  'true',
  '[]',
  '["p"]',
  '{}',
];

const quantities: readonly Taken[] = [
  ['1', 1],
  ['10000', 10_000],
  ['2.0', 2],
];

const noQuantities = ['0', '-0', '-1', '10001', '1.5', '"1"', 'null', 'true', '[]', '1e400', '9007199254740993'];

const texts: readonly Taken[] = [
  ['"x"', 'x'],
  ['null', null],
  [JSON.stringify('x'.repeat(255)), 'x'.repeat(255)],
  [JSON.stringify('😀'.repeat(255)), '😀'.repeat(255)],
  [JSON.stringify(` \n${'é'.repeat(255)}\t `), 'é'.repeat(255)],
  [JSON.stringify('a\tb\r\nc'), 'a\tb\r\nc'],
];

const noTexts = [
  '""',
  '" \\t\\n\\u00a0"',
  JSON.stringify('x'.repeat(256)),
  JSON.stringify('😀'.repeat(256)),
  '"a\\u0000b"',
  '"a\\u001bb"',
  '"\\udc00"',
  '1',
  'true',
  '[]',
  '["x"]',
  '{}',
];

/** Each bound of an order, at its edge and just beyond it. @param orders - read when a test runs */
export function describeOrderBounds(orders: () => OrdersInUse): void {
  const post = (members: { user?: string; product?: string; name?: string; quantity?: string; address?: string }) => {
    const { user = '1', product = '"p"', name = 'null', quantity = '1', address = 'null' } = members;
    const item = `{"product_id":${product},"product_name":${name},"quantity":${quantity}}`;
    return orders().api.send('POST', orders().path, { raw: `{"user_id":${user},"items":[${item}],"shipping_address":${address}}` });
  };
  const short = (product: string, quantity: string) =>
    orders().api.send('POST', orders().path, { raw: `{"user_id":1,"product_id":${product},"quantity":${quantity}}` });

  it.each(userIds)('takes the user_id %s', async (user, kept) => {
    const reply = await post({ user });
    expect([reply.status, reply.body.user_id]).toEqual([201, kept]);
    expect((await orders().read(reply.body.id)).user_id).toBe(kept);
  });

  it.each(noUserIds)('refuses the user_id %s', async (user) => {
    expectFaults(await post({ user }), '#/user_id');
  });

  it.each(productIds)('takes the product_id %s', async (product, kept) => {
    for (const reply of [await post({ product }), await short(product, '1')]) {
      expect([reply.status, reply.body.items[0]!.product_id]).toEqual([201, kept]);
      expect((await orders().read(reply.body.id)).items[0]!.product_id).toBe(kept);
    }
  });

  it.each(noProductIds)('refuses the product_id %s', async (product) => {
    expectFaults(await post({ product }), '#/items/0/product_id');
    expectFaults(await short(product, '1'), '#/product_id');
  });

  it.each(quantities)('takes the quantity %s', async (quantity, kept) => {
    for (const reply of [await post({ quantity }), await short('"p"', quantity)]) expect([reply.status, reply.body.items[0]!.quantity]).toEqual([201, kept]);
  });

  it.each(noQuantities)('refuses the quantity %s', async (quantity) => {
    expectFaults(await post({ quantity }), '#/items/0/quantity');
    expectFaults(await short('"p"', quantity), '#/quantity');
  });

  it.each(texts)('takes the product_name and the shipping_address %s', async (text, kept) => {
    const reply = await post({ name: text, address: text });
    expect([reply.status, reply.body.items[0]!.product_name, reply.body.shipping_address]).toEqual([201, kept, kept]);
    expect(await orders().read(reply.body.id)).toEqual(reply.body);
  });

  it.each(noTexts)('refuses the product_name and the shipping_address %s', async (text) => {
    expectFaults(await post({ name: text, address: text }), '#/items/0/product_name', '#/shipping_address');
  });

  it.each([1, 100])('takes %i items', async (count) => {
    const items = Array.from({ length: count }, (_, i) => ({ product_id: `p${i}`, quantity: 1, price: 0.01 }));
    const order = await orders().place({ items });
    expect([order.items.map(({ product_id }) => product_id), order.total]).toEqual([items.map(({ product_id }) => product_id), count / 100]);
  });

  it.each([0, 101])('refuses %i items', async (count) => {
    const items = Array.from({ length: count }, () => ({ product_id: 'p', quantity: 1 }));
    expectFaults(await orders().api.post(orders().path, { user_id: 1, items }), '#/items');
  });

  it.each(['null', '{}', '"p"', '1', '{"0":{"product_id":"p","quantity":1},"length":1}'])('refuses items that are %s', async (items) => {
    expectFaults(await orders().api.send('POST', orders().path, { raw: `{"user_id":1,"items":${items}}` }), '#/items');
  });

  it.each(['null', '1', '"p"', '[]'])('refuses an item that is %s', async (item) => {
    expectFaults(await orders().api.send('POST', orders().path, { raw: `{"user_id":1,"items":[${item}]}` }), '#/items/0');
  });

  it.each(['id', 'status', 'total', 'created_at', 'updated_at', 'version', '__proto__', 'constructor', ''])(
    'refuses the unknown member "%s"',
    async (member) => {
      const raw = `{"user_id":1,"items":[{"product_id":"p","quantity":1}],${JSON.stringify(member)}:1}`;
      expectFaults(await orders().api.send('POST', orders().path, { raw }), `#/${member}`);
    },
  );

  it.each(['id', 'total', 'price_minor', 'productId', '__proto__'])('refuses the unknown member "%s" of an item', async (member) => {
    const raw = `{"user_id":1,"items":[{"product_id":"p","quantity":1,${JSON.stringify(member)}:1}]}`;
    expectFaults(await orders().api.send('POST', orders().path, { raw }), `#/items/0/${member}`);
  });
}

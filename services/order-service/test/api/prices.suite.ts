import { expectFaults } from '../../../service-kit/testing/api-expectations';
import type { OrdersInUse } from './orders-in-use';

/** Prices and totals. @param orders - read when a test runs */
export function describePrices(orders: () => OrdersInUse): void {
  const post = (price: string, quantity = 1) =>
    orders().api.send('POST', orders().path, { raw: `{"user_id":1,"items":[{"product_id":"p","quantity":${quantity},"price":${price}}]}` });

  it.each([
    ['0', 0],
    ['-0', 0],
    ['0.01', 0.01],
    ['0.1', 0.1],
    ['19.990', 19.99],
    ['1e2', 100],
    ['1999e-2', 19.99],
    ['1.10', 1.1],
    ['4.35', 4.35],
    ['1.15', 1.15],
    ['8.41', 8.41],
    ['9999999', 9_999_999],
    ['9999999.99', 9_999_999.99],
  ])('takes the price %s', async (written, price) => {
    const reply = await post(written);
    expect([reply.status, reply.body.items[0]!.price, reply.body.total]).toEqual([201, price, price]);
    expect(reply.text).toContain(`"price":${price}}`);
    expect(await orders().read(reply.body.id)).toEqual(reply.body);
  });

  it.each([
    '-0.01',
    '-1',
    '10000000',
    '9999999.991',
    '9999999.995',
    '0.001',
    '0.005',
    '0.015',
    '1.005',
    '19.999',
    '1e-3',
    '1e7',
    '1e400',
    '-1e400',
    '"1.00"',
    '"1"',
    '""',
    'true',
    '[]',
    '[1]',
    '{}',
  ])('refuses the price %s', async (written) => {
    expectFaults(await post(written), '#/items/0/price');
  });

  it.each([
    ['0.1', 3, 0.3],
    ['0.07', 100, 7],
    ['19.99', 3, 59.97],
    ['1.1', 10_000, 11_000],
    ['9999999.99', 10_000, 99_999_999_900],
    ['0', 10_000, 0],
  ])('makes the total of %s × %i to the cent', async (price, quantity, total) => {
    const reply = await post(price, quantity);
    expect(reply.text).toContain(`"total":${total},`);
    expect(reply.body.total).toBe(total);
  });

  it('makes the total of the largest order exactly', async () => {
    const items = Array.from({ length: 100 }, () => ({ product_id: 'p', quantity: 10_000, price: 9_999_999.99 }));
    const order = await orders().place({ items });
    expect(order.total).toBe(9_999_999_990_000);
    expect((await orders().read(order.id)).total).toBe(9_999_999_990_000);
  });

  it('adds cents without losing one', async () => {
    const items = [0.1, 0.2, 0.7, 1.05, 33.33].map((price) => ({ product_id: 'p', quantity: 1, price }));
    expect((await orders().place({ items })).total).toBe(35.38);
  });

  it('knows no total where a price is missing', async () => {
    const items = [
      { product_id: 'p', quantity: 1, price: 5 },
      { product_id: 'q', quantity: 1 },
    ];
    expect(await orders().place({ items })).toMatchObject({ total: null, items: [{ price: 5 }, { price: null }] });
  });

  it('makes the total anew when the items change', async () => {
    const { id } = await orders().place();
    const items = [{ product_id: 'p', quantity: 7, price: 0.03 }];
    expect((await orders().change(id, { items })).body).toMatchObject({ total: 0.21, items: [{ price: 0.03, quantity: 7 }] });
  });
}

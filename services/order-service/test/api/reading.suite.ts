import { expectProblem } from '../../../service-kit/testing/api-expectations';
import type { OrdersInUse } from './orders-in-use';

/** Reading one order. @param orders - read when a test runs */
export function describeReading(orders: () => OrdersInUse): void {
  it('answers 200 with the order and an ETag', async () => {
    const order = await orders().place();
    const reply = await orders().api.get(`${orders().path}/${order.id}`);
    expect([reply.status, reply.body]).toEqual([200, order]);
    expect(reply.headers['etag']).toMatch(/^"[!#-~]+"$/);
  });

  it('answers 404 with "Order not found" for one that is unknown', async () => {
    expect(expectProblem(await orders().api.get(`${orders().path}/987654321`), 404, 'order_not_found').detail).toBe('Order not found');
  });

  it('answers 304 to its ETag, also as a weak one, in a list, and to *', async () => {
    const { id } = await orders().place();
    const etag = (await orders().api.get(`${orders().path}/${id}`)).headers['etag']!;
    for (const header of [etag, `W/${etag}`, `"a", ${etag}`, '*']) {
      const reply = await orders().api.get(`${orders().path}/${id}`, { 'if-none-match': header });
      expect([reply.status, reply.text, reply.headers['etag']]).toEqual([304, '', etag]);
    }
    for (const header of ['"a"', etag.slice(1, -1), '']) {
      expect((await orders().api.get(`${orders().path}/${id}`, { 'if-none-match': header })).status).toBe(200);
    }
  });

  it('answers a change with a new ETag, and 200 to the old one', async () => {
    const { id } = await orders().place();
    const old = (await orders().api.get(`${orders().path}/${id}`)).headers['etag']!;
    const changed = await orders().change(id, { status: 'confirmed' });
    expect(changed.headers['etag']).not.toBe(old);
    const reply = await orders().api.get(`${orders().path}/${id}`, { 'if-none-match': old });
    expect([reply.status, reply.headers['etag'], reply.text]).toEqual([200, changed.headers['etag'], changed.text]);
  });
}

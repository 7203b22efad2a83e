import { expectProblem } from '../../../service-kit/testing/api-expectations';
import type { OrdersInUse } from './orders-in-use';

/** Deleting orders. @param orders - read when a test runs */
export function describeDeletion(orders: () => OrdersInUse): void {
  it.each(['pending', 'confirmed', 'shipped', 'delivered', 'cancelled'])('deletes a %s order: 204, and from then on 404', async (status) => {
    const { id, user_id } = await orders().placeIn(status);
    const path = `${orders().path}/${id}`;
    const reply = await orders().api.delete(path);
    expect([reply.status, reply.text]).toEqual([204, '']);
    const after = [orders().api.get(path), orders().api.delete(path), orders().change(id, { shipping_address: 'x' })];
    for (const gone of await Promise.all(after)) expectProblem(gone, 404, 'order_not_found');
    expect((await orders().api.get(`${orders().path}/user/${user_id}`)).body.items).toEqual([]);
  });

  it('never gives a deleted id again', async () => {
    const last = await orders().place();
    await orders().api.delete(`${orders().path}/${last.id}`);
    expect((await orders().place()).id).toBeGreaterThan(last.id);
  });

  it('honours If-Match', async () => {
    const { id } = await orders().place();
    const path = `${orders().path}/${id}`;
    const etag = (await orders().api.get(path)).headers['etag']!;
    for (const header of ['"a"', `W/${etag}`, '']) expectProblem(await orders().api.delete(path, { 'if-match': header }), 412, 'precondition_failed');
    expect((await orders().api.delete(path, { 'if-match': `"a",${etag}` })).status).toBe(204);
    expectProblem(await orders().api.delete(path, { 'if-match': '*' }), 404, 'order_not_found');
  });
}

import { expectFaults, expectProblem } from '../../../service-kit/testing/api-expectations';
import type { OrdersInUse } from './orders-in-use';

const statuses = ['pending', 'confirmed', 'shipped', 'delivered', 'cancelled'];

/** What each status may become, as the contract says. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  pending: ['confirmed', 'cancelled'],
  confirmed: ['shipped', 'cancelled'],
  shipped: ['delivered'],
  delivered: [],
  cancelled: [],
};

/** The status machine: all 25 pairs. @param orders - read when a test runs */
export function describeStatuses(orders: () => OrdersInUse): void {
  const pairs = statuses.flatMap((from) => statuses.map((to) => [from, to] as const));
  const legal = pairs.filter(([from, to]) => allowed[from]!.includes(to));
  const same = pairs.filter(([from, to]) => from === to);
  const illegal = pairs.filter(([from, to]) => from !== to && !allowed[from]!.includes(to));

  it.each(legal)('lets an order go from %s to %s', async (from, to) => {
    const { id } = await orders().placeIn(from);
    const reply = await orders().change(id, { status: to });
    expect([reply.status, reply.body.status]).toEqual([200, to]);
    expect((await orders().read(id)).status).toBe(to);
  });

  it.each(same)('takes %s to %s as no transition: 200', async (from, to) => {
    const { id } = await orders().placeIn(from);
    const reply = await orders().change(id, { status: to });
    expect([reply.status, reply.body.status]).toEqual([200, to]);
  });

  it.each(illegal)('refuses the way from %s to %s with 409 and names what is allowed', async (from, to) => {
    const order = await orders().placeIn(from);
    const { detail } = expectProblem(await orders().change(order.id, { status: to }), 409, 'illegal_status_transition');
    expect(detail).toContain(from);
    if (allowed[from]!.length === 0) expect(detail).toContain('final');
    for (const status of allowed[from]!) expect(detail).toContain(status);
    expect(await orders().read(order.id)).toEqual(order);
  });

  it.each(['done', 'Pending', ' pending', '', null, 1, ['pending']])('answers 422 to the status %j', async (status) => {
    const { id } = await orders().place();
    expectFaults(await orders().change(id, { status }), '#/status');
  });

  it('answers 200 or 409 to ten changes at once, and ends in a status that was legal', async () => {
    const { id } = await orders().placeIn('confirmed');
    const wishes = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? 'delivered' : 'shipped'));
    const replies = await Promise.all(wishes.map((status) => orders().change(id, { status })));
    for (const reply of replies) expect([200, 409]).toContain(reply.status);
    expect(['shipped', 'delivered']).toContain((await orders().read(id)).status);
  });
}

import { type AlongsideWrite, type CallContext, createChangeRow, type Page, type Precondition, Problem, problems } from '@berth/service-kit';
import type { NewOrder, Order, OrderChanges } from '../models/order';
import { allowedTransitions, mayBecome, type OrderStatus } from '../models/order-status';
import { illegalStatusTransition, orderNotEditable, orderNotFound, userNotFound } from '../models/problems';
import type { OrderQuery, OrdersRepository } from '../repository/orders.repository';
import type { UserDirectory } from './user-directory';

/** The rules of orders. */
export interface OrdersService {
  /** Writes a new order once user-service has confirmed its user. @throws Problem 404 `user_not_found`, 502, 503 */
  place(order: NewOrder, context: CallContext, alongside?: AlongsideWrite<Order>): Promise<Order>;
  /** @throws Problem 404 `order_not_found` */
  find(id: number): Promise<Order>;
  list(query: OrderQuery): Promise<Page<Order>>;
  /** @throws Problem 404, 409 when the status forbids it, 412 when the precondition fails */
  change(id: number, changes: OrderChanges, ifMatch?: Precondition): Promise<Order>;
  /** Deletes an order in any status. @throws Problem 404, 412 when the precondition fails */
  remove(id: number, ifMatch?: Precondition): Promise<void>;
}

/** Makes the rules over a repository and the users. */
export function createOrdersService(orders: OrdersRepository, users: UserDirectory): OrdersService {
  const changeRow = createChangeRow();

  async function find(id: number, deadlineMs?: number): Promise<Order> {
    const order = await orders.find(id, deadlineMs);
    if (order === undefined) throw new Problem(orderNotFound, 'Order not found');
    return order;
  }

  async function findMatching(id: number, ifMatch: Precondition | undefined, deadlineMs: number): Promise<Order> {
    const order = await find(id, deadlineMs);
    if (ifMatch?.(order) === false) throw new Problem(problems.preconditionFailed, 'The order has changed since: read it again');
    return order;
  }

  return {
    find: (id) => find(id),
    list: (query) => orders.list(query),
    async place(order, context, alongside) {
      if (!(await users.exists(order.userId, context))) throw new Problem(userNotFound, 'User not found');
      return orders.insert(order, alongside);
    },
    change: (id, changes, ifMatch) =>
      changeRow(
        id,
        (deadlineMs) => findMatching(id, ifMatch, deadlineMs),
        (order, deadlineMs) => {
          assertEditable(order, changes);
          return orders.update(order, { ...order, ...changes }, deadlineMs);
        },
      ),
    async remove(id, ifMatch) {
      if (ifMatch === undefined) {
        if (!(await orders.delete(id))) throw new Problem(orderNotFound, 'Order not found');
        return;
      }
      await changeRow(
        id,
        (deadlineMs) => findMatching(id, ifMatch, deadlineMs),
        async ({ version }, deadlineMs) => (await orders.delete(id, version, deadlineMs)) || undefined,
      );
    },
  };
}

const addressStatuses: readonly OrderStatus[] = ['pending', 'confirmed'];

/** The address can be changed until the order is shipped, items while it is pending, the status along its transitions. */
function assertEditable({ status }: Order, changes: OrderChanges): void {
  if (changes.status !== undefined && !mayBecome(status, changes.status)) {
    const allowed = allowedTransitions[status];
    const hint = allowed.length === 0 ? `${status} is final` : `allowed: ${allowed.join(', ')}`;
    throw new Problem(illegalStatusTransition, `An order can't go from ${status} to ${changes.status}; ${hint}`);
  }
  if (changes.shippingAddress !== undefined && !addressStatuses.includes(status)) {
    throw new Problem(orderNotEditable, `The shipping address of a ${status} order can't be changed: only of ${addressStatuses.join(' or ')} ones`);
  }
  if (changes.items !== undefined && status !== 'pending') {
    throw new Problem(orderNotEditable, `The items of a ${status} order can't be changed: only of pending ones`);
  }
}

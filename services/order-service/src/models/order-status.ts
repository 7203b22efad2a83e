/** An order's statuses, in the order of its life. */
export const orderStatuses = ['pending', 'confirmed', 'shipped', 'delivered', 'cancelled'] as const;

/** One of {@link orderStatuses}. */
export type OrderStatus = (typeof orderStatuses)[number];

/** What each status may become. `delivered` and `cancelled` are final. */
export const allowedTransitions: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  pending: ['confirmed', 'cancelled'],
  confirmed: ['shipped', 'cancelled'],
  shipped: ['delivered'],
  delivered: [],
  cancelled: [],
};

/** Whether a status may become another one. Staying as it is is no transition and always allowed. */
export function mayBecome(from: OrderStatus, to: OrderStatus): boolean {
  return from === to || allowedTransitions[from].includes(to);
}

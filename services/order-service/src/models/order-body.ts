import * as z from 'zod';
import { toDecimal } from './money';
import { type Order, totalMinor } from './order';
import { orderStatuses } from './order-status';

/** An order as the API shows it. */
export const orderBodySchema = z
  .object({
    id: z.int().min(1),
    user_id: z.int().min(1),
    status: z.enum(orderStatuses),
    items: z.array(
      z.object({ product_id: z.string(), product_name: z.string().nullable(), quantity: z.int(), price: z.number().nullable() }).meta({ id: 'OrderItem' }),
    ),
    shipping_address: z.string().nullable(),
    total: z.number().nullable().meta({ description: 'Sum in the unit of the prices; null where a price is missing' }),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Order' });

/** One page of orders. */
export const orderPageSchema = z.object({ items: z.array(orderBodySchema), next_cursor: z.string().nullable(), limit: z.int() }).meta({ id: 'OrderPage' });

/** Turns a stored order into its JSON body. */
export function toBody(order: Order): z.output<typeof orderBodySchema> {
  const total = totalMinor(order.items);
  return {
    id: order.id,
    user_id: order.userId,
    status: order.status,
    items: order.items.map(({ productId, productName, quantity, priceMinor }) => ({
      product_id: productId,
      product_name: productName,
      quantity,
      price: priceMinor === null ? null : toDecimal(priceMinor),
    })),
    shipping_address: order.shippingAddress,
    total: total === null ? null : toDecimal(total),
    created_at: order.createdAt,
    updated_at: order.updatedAt,
  };
}

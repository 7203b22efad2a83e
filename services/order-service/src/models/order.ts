import { idText, maximumId, plainMessage, text } from '@berth/service-kit';
import * as z from 'zod';
import { priceSchema } from './money';
import { type OrderStatus, orderStatuses } from './order-status';

/** One line of an order. */
export interface OrderItem {
  readonly productId: string;
  readonly productName: string | null;
  readonly quantity: number;
  /** Price of one piece in minor units; null when it isn't known. */
  readonly priceMinor: number | null;
}

/** An order as it is stored. */
export interface Order {
  readonly id: number;
  readonly userId: number;
  readonly status: OrderStatus;
  readonly items: readonly OrderItem[];
  readonly shippingAddress: string | null;
  /** ISO 8601, UTC, milliseconds. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** 1 at first, one more with each change. */
  readonly version: number;
}

/** An order before it is stored. */
export type NewOrder = Pick<Order, 'userId' | 'items' | 'shippingAddress'>;

/** What of an order can be changed. */
export type OrderChanges = Partial<Pick<Order, 'status' | 'items' | 'shippingAddress'>>;

/** Most items of an order, and most pieces of one item. */
export const [maximumItems, maximumQuantity] = [100, 10_000];

const idFault = `must be a whole number from 1 to ${maximumId}, as a number or as digits`;
const id = z.union([z.int(idFault).min(1, idFault).max(maximumId, idFault), idText], idFault);

const productId = z
  .union([text({ maximum: 64, description: 'Product, as text', example: 'sku-1' }), z.int()], 'must be a text of 1 to 64 characters or a whole number')
  .transform(String)
  .meta({ example: 'sku-1' });

const quantity = z.int('must be a whole number').min(1, 'must be at least 1').max(maximumQuantity, `must be at most ${maximumQuantity}`);

const itemSchema = z
  .strictObject({
    product_id: productId,
    product_name: text({ maximum: 255, description: 'Product name as the customer saw it', example: 'Blue teapot' }).nullish(),
    quantity,
    price: priceSchema.nullish(),
  })
  .transform((item): OrderItem => ({
    productId: item.product_id,
    productName: item.product_name ?? null,
    quantity: item.quantity,
    priceMinor: item.price ?? null,
  }))
  .meta({ id: 'NewOrderItem' });

const items = z.array(itemSchema).min(1, 'must have at least one item').max(maximumItems, `must have at most ${maximumItems} items`);

const shippingAddress = text({ maximum: 255, description: 'Where the order goes', example: '12 Harbour Road, Kiel' });

const longForm = z
  .strictObject({ user_id: id, items, shipping_address: shippingAddress.nullish() })
  .transform((order): NewOrder => ({ userId: order.user_id, items: order.items, shippingAddress: order.shipping_address ?? null }))
  .meta({ id: 'NewOrder' });

const shortForm = z
  .strictObject({ user_id: id, product_id: productId, quantity })
  .transform((order): NewOrder => ({
    userId: order.user_id,
    items: [{ productId: order.product_id, productName: null, quantity: order.quantity, priceMinor: null }],
    shippingAddress: null,
  }))
  .meta({ id: 'NewOrderShort', description: 'The short form: one item, no price' });

/**
 * What order creation takes: the long form with `items`, or the short form with `product_id` and `quantity`. Which one was meant is
 * told by `items`, so that the faults of that form are listed and not those of both.
 */
export const newOrderSchema = z.unknown().transform((body, context): NewOrder => {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  const isShort = isObject && !('items' in body) && ('product_id' in body || 'quantity' in body);
  const result = (isShort ? shortForm : longForm).safeParse(body, { error: plainMessage });
  if (result.success) return result.data;
  context.issues.push(...result.error.issues.map((issue) => ({ ...issue, input: body }) as z.core.$ZodRawIssue));
  return z.NEVER;
});

/** The same as a schema for the documentation. */
export const newOrderForms = z.union([longForm, shortForm]);

/** What a change takes: any non-empty subset. Members that are not sent stay; null clears the address. */
export const orderChangesSchema = z
  .strictObject({ status: z.enum(orderStatuses), shipping_address: shippingAddress.nullable(), items })
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, 'must name at least one member to change')
  .transform(({ status, shipping_address, items }): OrderChanges => ({
    ...(status !== undefined && { status }),
    ...(shipping_address !== undefined && { shippingAddress: shipping_address }),
    ...(items !== undefined && { items }),
  }))
  .meta({ id: 'OrderChanges', override: { minProperties: 1 } });

/** Sum of all items in minor units; null where a price is missing. At most 100 × 10,000 × 999,999,999, far below 2^53. */
export function totalMinor(items: readonly OrderItem[]): number | null {
  let total = 0;
  for (const { priceMinor, quantity } of items) {
    if (priceMinor === null) return null;
    total += priceMinor * quantity;
  }
  return total;
}

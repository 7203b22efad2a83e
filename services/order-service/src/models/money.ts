import * as z from 'zod';

/** Highest price of one piece, in the decimal unit. */
export const maximumPrice = 9_999_999.99;

/** A price in the decimal unit, at most two fraction digits; it becomes integer minor units (cents). */
export const priceSchema = z
  .number()
  .min(0, 'must be at least 0')
  .max(maximumPrice, `must be at most ${maximumPrice}`)
  .refine(hasCents, 'must have at most two fraction digits')
  .transform(toMinor)
  .meta({ override: { type: 'number', minimum: 0, maximum: maximumPrice, multipleOf: 0.01 }, description: 'Price of one piece', example: 19.99 });

/** The number that a client wrote is the one nearest to a whole number of cents. */
function hasCents(price: number): boolean {
  return Math.round(price * 100) / 100 === price;
}

/** Decimal unit to integer minor units. */
export function toMinor(price: number): number {
  return Math.round(price * 100);
}

/** Integer minor units to the decimal unit; exact to the cent up to 10^13. */
export function toDecimal(minor: number): number {
  return minor / 100;
}

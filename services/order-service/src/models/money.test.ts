import fc from 'fast-check';
import { maximumPrice, priceSchema, toDecimal, toMinor } from './money';
import { type OrderItem, totalMinor } from './order';

const maximumMinor = 999_999_999;

describe('a price', () => {
  it('becomes the cents that were written, for every price there is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: maximumMinor }), (minor) => {
        const written = `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`;
        return priceSchema.parse(JSON.parse(written)) === minor && String(toDecimal(minor)) === String(Number(written));
      }),
      { numRuns: 20_000 },
    );
  });

  it('is refused with a third fraction digit that is not zero, everywhere', () => {
    const third = fc.tuple(fc.integer({ min: 0, max: maximumMinor - 1 }), fc.integer({ min: 1, max: 9 }));
    fc.assert(
      fc.property(third, ([minor, digit]) => {
        const written = `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}${digit}`;
        return !priceSchema.safeParse(Number(written)).success;
      }),
      { numRuns: 20_000 },
    );
  });

  it('has bounds', () => {
    expect([priceSchema.parse(0), priceSchema.parse(maximumPrice)]).toEqual([0, maximumMinor]);
    for (const bad of [-0.01, 10_000_000, maximumPrice + 0.01, Infinity, -Infinity, NaN, '1', null, 1n]) expect(priceSchema.safeParse(bad).success).toBe(false);
  });

  it('survives the way to minor units and back', () => {
    for (const price of [0, 0.01, 0.07, 0.29, 1.1, 1.15, 4.35, 8.41, 19.99, 1_234_567.89, maximumPrice]) expect(toDecimal(toMinor(price))).toBe(price);
  });
});

describe('a total', () => {
  const item = (priceMinor: number | null, quantity: number): OrderItem => ({ productId: 'p', productName: null, quantity, priceMinor });

  it('is the exact sum, up to the largest order', () => {
    expect(totalMinor([item(1999, 3), item(50, 1)])).toBe(6047);
    const largest = totalMinor(Array.from({ length: 100 }, () => item(maximumMinor, 10_000)))!;
    expect(BigInt(largest)).toBe(100n * 10_000n * 999_999_999n);
    expect(toDecimal(largest)).toBe(9_999_999_990_000);
  });

  it('agrees with exact arithmetic, digit for digit', () => {
    const items = fc.array(fc.tuple(fc.integer({ min: 0, max: maximumMinor }), fc.integer({ min: 1, max: 10_000 })), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(items, (lines) => {
        const exact = lines.reduce((sum, [price, quantity]) => sum + BigInt(price) * BigInt(quantity), 0n);
        const shown = `${exact / 100n}.${String(exact % 100n).padStart(2, '0')}`;
        return toDecimal(totalMinor(lines.map(([price, quantity]) => item(price, quantity)))!) === Number(shown);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is unknown where one price is', () => {
    expect(totalMinor([item(100, 1), item(null, 1)])).toBeNull();
    expect(totalMinor([item(0, 1)])).toBe(0);
  });
});

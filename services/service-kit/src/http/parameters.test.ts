import fc from 'fast-check';
import { idText, listQuery, maximumId, patternUpTo } from './parameters';

describe('the pattern of the whole numbers up to a maximum', () => {
  it.each([1, 2, 9, 10, 11, 19, 20, 99, 100, 101, 109, 110, 199, 200, 255, 909, 999, 1000, 1001])('matches 1 to %i and nothing else', (maximum) => {
    const pattern = new RegExp(patternUpTo(maximum));
    const matched = Array.from({ length: maximum * 11 + 20 }, (_, i) => i).filter((i) => pattern.test(String(i)));
    expect(matched).toEqual(Array.from({ length: maximum }, (_, i) => i + 1));
  });

  const pattern = new RegExp(patternUpTo(maximumId));

  it('ends at 2^53 - 1 exactly', () => {
    for (const inside of ['1', '9', '10', '999999999999999', '1000000000000000', '9007199254740990', '9007199254740991']) expect(inside).toMatch(pattern);
    for (const outside of ['0', '9007199254740992', '9007199254741000', '9007200000000000', '9999999999999999', '10000000000000000']) {
      expect(outside).not.toMatch(pattern);
    }
  });

  it('agrees with arithmetic on numbers of any length', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), (number) => pattern.test(String(number)) === (number >= 1n && number <= BigInt(maximumId))),
      { numRuns: 5_000 },
    );
  });

  it('matches the whole text only, without signs, leading zeros, spaces, line ends or other digits', () => {
    for (const text of ['', '01', '+1', '-1', ' 1', '1 ', '1\n', '1.0', '1e3', '0x1', '１', '١', '1,0', 'x1']) expect(text).not.toMatch(pattern);
  });
});

describe('an id as text', () => {
  it('becomes the number that was written', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: maximumId }), (id) => idText.parse(String(id)) === id));
  });
});

describe("a list's query", () => {
  const query = listQuery({});

  it('is a page of 20 by default', () => {
    expect(query.parse({})).toEqual({ limit: 20 });
  });

  it('takes cursor or offset, not both', () => {
    expect(query.parse({ cursor: '7', limit: '100' })).toEqual({ cursor: 7, limit: 100 });
    expect(query.parse({ offset: '0' })).toEqual({ offset: 0, limit: 20 });
    expect(query.safeParse({ cursor: '7', offset: '0' }).error?.issues).toMatchObject([{ path: ['cursor'] }]);
  });
});

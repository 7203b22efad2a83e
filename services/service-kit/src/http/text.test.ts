import fc from 'fast-check';
import { text } from './text';

const schema = text({ maximum: 5, description: 'A word', example: 'word' });
const published = (schema.meta() as unknown as { override: { pattern: string; minLength: number; maxLength: number } }).override;

describe('a text', () => {
  it('is trimmed of everything that String.prototype.trim strips', () => {
    expect(schema.parse(' \t\n\u00a0\ufeff\u2003abc\u3000\r ')).toBe('abc');
  });

  it('has a length in code points, counted after trimming', () => {
    expect(schema.parse('😀😀😀😀😀')).toBe('😀😀😀😀😀');
    expect(schema.parse(`   ${'x'.repeat(5)}   `)).toBe('xxxxx');
    expect(schema.safeParse('😀😀😀😀😀😀').success).toBe(false);
    // One letter to the eye, but two characters each.
    expect(schema.safeParse('e\u0301'.repeat(3)).success).toBe(false);
  });

  it.each([
    ['nothing', '', 'must not be empty'],
    ['white space', ' \t ', 'must not be empty'],
    ['six characters', 'abcdef', 'must have at most 5 characters'],
    ['NUL', 'a\0b', 'must not contain control characters'],
    ['escape', 'a\u001bb', 'must not contain control characters'],
    ['DEL', 'a\u007f', 'must not contain control characters'],
    ['a lone high surrogate', 'a\ud800', 'must be well-formed Unicode (it has a lone surrogate)'],
    ['a lone low surrogate', '\udc00a', 'must be well-formed Unicode (it has a lone surrogate)'],
  ])('that is %s is refused with one sentence', (_what, value, message) => {
    expect(schema.safeParse(value).error?.issues.map((issue) => issue.message)).toEqual([message]);
  });

  it('keeps tabs and line ends inside', () => {
    expect(schema.parse('a\t\r\nb')).toBe('a\t\r\nb');
  });

  it('is published with a pattern that agrees with the check on every well-formed text of fitting length', () => {
    const pattern = new RegExp(published.pattern);
    const interesting = fc.constantFrom(...'\0\t\n\u000b\u001f\u007f \u00a0\u1680\u2028\u202f\u205f\u3000\ufeffaé😀');
    const words = fc.string({ unit: fc.oneof(interesting, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })), maxLength: 5 });
    fc.assert(
      fc.property(words, (word) => {
        const fits = [...word].length <= published.maxLength;
        return !fits || pattern.test(word) === schema.safeParse(word).success;
      }),
      { numRuns: 5_000 },
    );
  });
});

import * as z from 'zod';

// Unicode's White_Space and the byte order mark: what String.prototype.trim strips. Spelled out, because \s means
// something else in other languages' regular expressions, and clients check values against the published pattern.
const space = ' \\t\\n\\r\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff';
const control = '\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f';
const anything = `[^${control}]*`;
const pattern = `^${anything}[^${space}${control}]${anything}$`;

/**
 * A line or paragraph of text, trimmed: lengths count characters (code points) after trimming. NUL and other control characters but
 * tab and line ends are refused, and so are lone surrogates: neither store could keep them.
 */
export function text({ maximum, description, example }: { readonly maximum: number; readonly description: string; readonly example: string }) {
  return z
    .string()
    .check((context) => {
      const fault = faultOf(context.value, maximum);
      if (fault !== undefined) context.issues.push({ code: 'custom', message: fault, input: context.value });
    })
    .transform((value) => value.trim())
    .meta({ override: { type: 'string', minLength: 1, maxLength: maximum, pattern }, description, example });
}

const forbidden = new RegExp(`[${control}]`);

function faultOf(value: string, maximum: number): string | undefined {
  // The whole value: trimming would strip a vertical tab, which the published pattern refuses.
  if (forbidden.test(value)) return 'must not contain control characters';
  const trimmed = value.trim();
  if (trimmed.length === 0) return 'must not be empty';
  if (trimmed.length > maximum && [...trimmed].length > maximum) return `must have at most ${maximum} characters`;
  return trimmed.isWellFormed() ? undefined : 'must be well-formed Unicode (it has a lone surrogate)';
}

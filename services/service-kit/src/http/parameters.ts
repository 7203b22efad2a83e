import * as z from 'zod';

/** Largest id: 2^53 - 1, the largest integer that JSON keeps exactly everywhere. */
export const maximumId = Number.MAX_SAFE_INTEGER;

const decimal = patternUpTo(maximumId);

/** Matches the decimal integers 1..maximum without leading zeros, and nothing else, so that the published pattern is exact. */
export function patternUpTo(maximum: number): string {
  const digits = String(maximum);
  const sameLength = [...digits].flatMap((digit, i) => {
    const lowest = i === 0 ? 1 : 0;
    const below = Number(digit) - 1;
    return below < lowest ? [] : [`${digits.slice(0, i)}[${lowest}-${below}]${repeat(digits.length - i - 1)}`];
  });
  const shorter = digits.length > 1 ? [`[1-9][0-9]{0,${digits.length - 2}}`] : [];
  return `^(${[...shorter, ...sameLength, digits].join('|')})$`;
}

function repeat(count: number): string {
  return count === 0 ? '' : `[0-9]{${count}}`;
}

/** An id as text: in a path, a query or a lenient body. */
export const idText = z.string().regex(new RegExp(decimal), `must be a whole number from 1 to ${maximumId}`).transform(Number);

/** An id in a path or query; published as an integer. */
export const idParameter = idText.meta({ override: { type: 'integer', minimum: 1, maximum: maximumId } });

/** Fewest, most and usual number of items of a list's page. */
export const pageLimits = { minimum: 1, maximum: 100, default: 20 } as const;

const limit = z
  .string()
  .regex(/^(100|[1-9][0-9]?)$/, `must be a whole number from ${pageLimits.minimum} to ${pageLimits.maximum}`)
  .transform(Number)
  .default(pageLimits.default)
  .meta({ override: { type: 'integer', ...pageLimits }, description: 'Most items on this page' });

const maximumOffset = 1_000_000_000;

const offset = z
  .string()
  .regex(new RegExp(`^0$|${patternUpTo(maximumOffset)}`), `must be a whole number from 0 to ${maximumOffset}`)
  .transform(Number)
  .optional()
  .meta({ override: { type: 'integer', minimum: 0, maximum: maximumOffset }, description: 'Items to skip; not together with cursor' });

const cursor = z
  .string()
  .regex(new RegExp(decimal), "must be a page's next_cursor")
  .transform(Number)
  .optional()
  .meta({ override: { type: 'string', pattern: decimal }, description: "The page before's next_cursor; not together with offset" });

/** The query parameters of every list. */
export const pageParameters = { limit, cursor, offset };

/** A parsed page request. */
export interface PageRequest {
  readonly limit: number;
  /** Id after which the page begins. */
  readonly cursor?: number | undefined;
  readonly offset?: number | undefined;
}

/** A list's query: paging both ways and the list's own filters. */
export function listQuery<Shape extends z.ZodRawShape>(filters: Shape) {
  return z
    .strictObject({ ...pageParameters, ...filters })
    .refine((query) => (query as PageRequest).cursor === undefined || (query as PageRequest).offset === undefined, {
      message: 'cursor and offset exclude each other: send one',
      path: ['cursor'],
    });
}

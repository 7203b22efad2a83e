import { text } from '@berth/service-kit';
import * as z from 'zod';

/** A user as it is stored. */
export interface User {
  readonly id: number;
  /** As it was written at sign-up. */
  readonly email: string;
  readonly name: string;
  readonly age: number | null;
  /** ISO 8601, UTC, milliseconds. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** 1 at first, one more with each change. */
  readonly version: number;
}

// What no part of an address has: ASCII's specials and spaces, symbols beyond it. All other letters are allowed, as RFC 6531
// allows them. Spelled out instead of \p{…}: clients check values against the published pattern with other regular expressions than ours.
const never = '\\u0000- "(),.:;<>@\\[\\\\\\]\\u007f-\\u00a0\\u1680\\u2000-\\u2bff\\u3000\\ue000-\\uffff';
const signs = "!#$%&'*+/=?^_`{|}~";
const atom = `[^${never}]+`;
const alphanumeric = `[^${never}${signs}-]`;
const label = `${alphanumeric}([^${never}${signs}]{0,61}${alphanumeric})?`;
const emailPattern = `^${atom}(\\.${atom})*@${label}(\\.${label})*$`;
const [shortestEmail, longestEmail] = [3, 255];

/** One address as RFC 5322 writes it without quotes and comments, letters as in RFC 6531; 3 to 255 characters (code points). */
export const emailSchema = z
  .string()
  .regex(new RegExp(emailPattern, 'u'), 'must be one valid e-mail address')
  .refine((email) => email.isWellFormed(), 'must be well-formed Unicode (it has a lone surrogate)')
  .refine((email) => isBetween([...email].length, shortestEmail, longestEmail), `must have ${shortestEmail} to ${longestEmail} characters`)
  .meta({ override: { type: 'string', minLength: shortestEmail, maxLength: longestEmail, pattern: emailPattern }, example: 'ada@example.com' });

function isBetween(value: number, minimum: number, maximum: number): boolean {
  return value >= minimum && value <= maximum;
}

const nameSchema = text({ maximum: 255, description: 'Full name', example: 'Ada Lovelace' });

const ageSchema = z.int('must be a whole number').min(0, 'must be at least 0').max(150, 'must be at most 150').nullable();

/** What sign-up takes. */
export const newUserSchema = z
  .strictObject({ email: emailSchema, name: nameSchema, age: ageSchema.optional().meta({ description: 'Years; null when unknown' }) })
  .meta({ id: 'NewUser' });

/** What a change takes: any non-empty subset. Members that are not sent stay; null clears an optional one. */
export const userChangesSchema = newUserSchema
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, 'must name at least one member to change')
  .meta({ id: 'UserChanges', override: { minProperties: 1 } });

/** A sign-up, checked. */
export type NewUser = z.output<typeof newUserSchema>;

/** A change, checked. */
export type UserChanges = z.output<typeof userChangesSchema>;

/** A user as the API shows it. */
export const userBodySchema = z
  .object({
    id: z.int().min(1),
    email: z.string(),
    name: z.string(),
    age: z.int().nullable(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'User' });

/** One page of users. */
export const userPageSchema = z.object({ items: z.array(userBodySchema), next_cursor: z.string().nullable(), limit: z.int() }).meta({ id: 'UserPage' });

const ascii = /^[\0-\x7f]*$/;

/**
 * The same address in any case is the same user; computed here, because the stores fold letters differently. An address, its upper case and
 * its lower case have one key: `ß`, `ẞ` and `ss` do, `ı` and `i`, `µ` and `μ` (`docs/decisions/0015`).
 */
export function emailKey(email: string): string {
  if (ascii.test(email)) return email.toLowerCase();
  // Lower first: ẞ is an upper case letter whose upper case is itself. Normalised last: upper case takes letters such as ǰ apart.
  return email.normalize('NFC').toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFC');
}

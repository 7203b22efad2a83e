import { stringify } from 'yaml';

/** What stdout gets: for people, or for machines. */
export type Format = 'table' | 'json' | 'yaml';

/** A value for machines. */
export function dataText(format: Exclude<Format, 'table'>, value: unknown): string {
  return format === 'json' ? JSON.stringify(value, null, 2) : stringify(JSON.parse(JSON.stringify(value))).trimEnd();
}

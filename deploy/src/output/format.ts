import { dump } from 'js-yaml';

/** What stdout gets: for people, or for machines. */
export type Format = 'table' | 'json' | 'yaml';

/** A value for machines. */
export function dataText(format: Exclude<Format, 'table'>, value: unknown): string {
  return format === 'json' ? JSON.stringify(value, null, 2) : dump(JSON.parse(JSON.stringify(value)), { noRefs: true, lineWidth: -1 }).trimEnd();
}

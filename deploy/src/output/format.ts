import { dump } from 'js-yaml';

/** What stdout gets: for people, or for machines. */
export type Format = 'table' | 'json' | 'yaml';

/** A value for machines. @param hidden - what is shown of a text in it */
export function dataText(format: Exclude<Format, 'table'>, value: unknown, hidden: (text: string) => string): string {
  const json = JSON.stringify(value, (_, member: unknown) => (typeof member === 'string' ? hidden(member) : member), 2);
  return format === 'json' ? json : dump(JSON.parse(json), { noRefs: true, lineWidth: -1 }).trimEnd();
}

import { stripVTControlCharacters } from 'node:util';

/** Columns as kubectl prints them: a headline in capitals, three spaces between, no lines. */
export function table(headline: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headline.map((word) => word.toUpperCase()), ...rows.map((row) => row.map((cell) => cell.replace(/\s*\n\s*/g, ' ')))];
  const widths = headline.map((_, column) => Math.max(...lines.map((line) => lengthOf(line[column]!))));
  const drawn = lines.map((line) => line.map((cell, column) => cell + ' '.repeat(widths[column]! - lengthOf(cell))).join('   '));
  return drawn.map((line) => line.trimEnd()).join('\n');
}

/** Characters that are seen: neither UTF-16's units nor colours count. */
function lengthOf(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

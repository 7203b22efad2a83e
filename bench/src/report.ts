import { outcome, type Section, type Verdict } from './section';

/** A section as Markdown that reads well on a terminal too. */
export function renderSection({ title, notes, head, rows, verdicts }: Section): string {
  const parts = [
    `### ${title}`,
    ...notes,
    ...(rows.length > 0 ? [table(head, rows)] : []),
    ...(verdicts.length > 0 ? [table(verdictHead, verdicts.map(verdictRow))] : []),
  ];
  return parts.join('\n\n');
}

/** The verdicts of all sections. */
export function summaryTable(sections: readonly Section[]): string {
  const rows = sections.flatMap(({ title, verdicts }) => verdicts.map((verdict) => [title, ...verdictRow(verdict)]));
  return table(['measured', ...verdictHead], rows);
}

const verdictHead = ['what', 'figure', 'target', 'outcome'];

function verdictRow(verdict: Verdict): string[] {
  const { what, figure, bound, target, unit } = verdict;
  const digits = unit === undefined ? 2 : 0;
  const withUnit = (value: number, places: number) => `${value.toFixed(places)}${unit === undefined ? '' : ` ${unit}`}`;
  return [what, withUnit(figure, digits), `${bound === 'at least' ? '≥' : '≤'} ${withUnit(target, digits)}`, outcome(verdict)];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) => Math.max(cell.length, 3, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

import { nameOf } from '../manifests/kubernetes-object';
import { type FieldChange, hidden } from '../plan/field-changes';
import type { Leftover, Plan, PlannedObject } from '../plan/plan';
import type { Output, Style } from './output';
import { shortened } from './shortened';

const signs = { create: '+', change: '~', replace: '!', unchanged: ' ', prune: '-', keep: '=', gone: ' ', lost: '?' } as const;
const styles: Readonly<Record<keyof typeof signs, Style>> = {
  create: 'green',
  change: 'yellow',
  replace: 'magenta',
  unchanged: 'dim',
  prune: 'red',
  keep: 'dim',
  gone: 'dim',
  lost: 'yellow',
};

/** A plan for people: what changes, field by field, and how much stays. */
export function planText(plan: Plan, output: Output, stream: 'data' | 'talk'): string {
  const lines = [...plan.objects.filter(({ action }) => action !== 'unchanged').flatMap(objectLines), ...plan.leftovers.flatMap(leftoverLines)];
  const shown = lines.map(({ style, text }) => (style === undefined ? text : output.styled(style, text, stream)));
  return [...(shown.length > 0 ? [...shown, ''] : []), ...untried(plan), tally(plan)].join('\n');
}

/** Why some objects were not tried on the server, which is the first note of each: each reason once. */
function untried({ objects }: Plan): string[] {
  const reasons = new Map<string, number>();
  for (const { verified, notes } of objects) if (!verified) for (const note of notes.slice(0, 1)) reasons.set(note, (reasons.get(note) ?? 0) + 1);
  return [...reasons].map(([reason, count]) => `unverified: ${count} can’t be tried on the server yet: ${reason}`);
}

interface Line {
  readonly text: string;
  readonly style?: Style;
}

function objectLines({ reference, action, changes, notes, verified }: PlannedObject): Line[] {
  const replaced = action === 'replace' ? ' (deleted and made anew)' : '';
  return [
    { text: `${signs[action]} ${nameOf(reference)}${replaced}${verified ? '' : ' (unverified)'}`, style: styles[action] },
    ...(verified ? notes : notes.slice(1)).map((note) => ({ text: `    ${note}`, style: 'dim' as const })),
    ...changes.flatMap(changeLines).map((text) => ({ text })),
  ];
}

const leftoverWords = { prune: 'when all is ready', keep: 'kept', gone: 'was deleted by somebody', lost: 'left alone' } as const;

function leftoverLines({ reference, fate, reason }: Leftover): Line[] {
  const why = reason === undefined ? leftoverWords[fate] : `${leftoverWords[fate]}: ${reason}`;
  return [{ text: `${signs[fate]} ${nameOf(reference)} (${why})`, style: styles[fate] }];
}

/** Characters of a value that are shown. */
const longestValue = 100;

function changeLines({ path, from, to }: FieldChange): string[] {
  if (typeof from === 'string' && typeof to === 'string' && (from.includes('\n') || to.includes('\n'))) return [`    ${path}:`, ...textChange(from, to)];
  return [`    ${path}: ${shown(from)} → ${shown(to)}`];
}

function shown(value: unknown): string {
  if (value === undefined) return '(none)';
  if (value === hidden) return hidden;
  const text = JSON.stringify(value);
  return text.length > longestValue ? `${shortened(text, longestValue)} (${text.length} characters)` : text;
}

/** Lines of a text that are shown of what goes and of what comes. */
const mostLines = 8;

/** Characters of each. */
const longestLine = 160;

/** What is between the first line that differs and the last. */
function textChange(from: string, to: string): string[] {
  const [before, after] = [from.split('\n'), to.split('\n')];
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  return [...some('-', before.slice(start, before.length - end)), ...some('+', after.slice(start, after.length - end))];
}

function some(sign: string, lines: readonly string[]): string[] {
  const rest = lines.length - mostLines;
  const cut = lines.slice(0, mostLines).map((line) => `      ${sign} ${shortened(line, longestLine)}`);
  return rest > 0 ? [...cut, `      ${sign} … ${rest} more lines`] : cut;
}

function tally({ objects, leftovers, inventoryDiffers, recordsRevision }: Plan): string {
  const counts = new Map<string, number>();
  for (const { action } of objects) counts.set(action, (counts.get(action) ?? 0) + 1);
  for (const { fate } of leftovers) counts.set(fate, (counts.get(fate) ?? 0) + 1);
  const words = [
    ['create', 'to create'],
    ['change', 'to change'],
    ['replace', 'to replace'],
    ['prune', 'to prune'],
    ['keep', 'kept'],
    ['gone', 'gone'],
    ['lost', 'left alone'],
    ['unchanged', 'unchanged'],
  ].flatMap(([action, text]) => (counts.has(action!) ? [`${counts.get(action!)} ${text}`] : []));
  const isOnlyAccount = objects.every(({ action }) => action === 'unchanged') && (inventoryDiffers || recordsRevision);
  return `${words.join(', ')}${isOnlyAccount ? '; the stack’s own record is to be written' : ''}`;
}

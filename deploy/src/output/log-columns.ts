import type { LogLine } from '../logs/log-line';
import { isObject } from '../manifests/json';
import type { Output, Style } from './output';

/** Where a line is from, as it is shown. */
export interface LogSource {
  readonly label: string;
  readonly style: Style;
}

/** Styles that tell sources apart; red and its like are for levels. */
const sourceStyles: readonly Style[] = ['cyan', 'magenta', 'blue', 'green', 'cyanBright', 'magentaBright', 'blueBright', 'greenBright'];

/** The style of the n-th source. */
export function sourceStyle(n: number): Style {
  return sourceStyles[n % sourceStyles.length]!;
}

const levelStyles: Readonly<Record<string, Style>> = { trace: 'dim', debug: 'dim', info: 'green', warn: 'yellow', error: 'red', fatal: ['red', 'bold'] };

/** pino's numbers. https://github.com/pinojs/pino/blob/main/docs/api.md#loggerlevels-object */
const levelNumbers: Readonly<Record<number, string>> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };

/** What is shown in other places, or stands on every line of a service alike. */
const elsewhere = new Set(['time', 'level', 'msg', 'message', 'service', 'version', 'pid', 'hostname', 'err', 'error', 'cause', 'duration_ms']);

/** Shown in this order before all others. */
const firstFields = ['method', 'route', 'status', 'duration'];

/** Shown in this order after all others. */
const lastFields = ['request_id', 'trace_id', 'span_id'];

/** A line in columns: the time in UTC, the level, where it is from, and what it says. What is no JSON of a logger stays as it is. @param line - with a text, not its bytes */
export function logColumns({ time, text }: LogLine, { label, style }: LogSource, width: number, output: Output): string {
  const entry = entryOf(text);
  const level = levelOf(entry?.['level']);
  const clock = typeof entry?.['time'] === 'string' && Number.isFinite(Date.parse(entry['time'])) ? new Date(entry['time']).toISOString() : time;
  const start = [
    output.styled('dim', clock.slice(11, 23), 'data'),
    output.styled(levelStyles[level] ?? 'reset', level.padEnd(5), 'data'),
    output.styled(style, label.padEnd(width), 'data'),
  ].join(' ');
  return entry === undefined ? `${start} ${text}` : `${start} ${said(entry, output)}`;
}

type Entry = Readonly<Record<string, unknown>>;

/** A logger's line; nothing when it is something else. */
function entryOf(text: string): Entry | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && 'level' in value && ('msg' in value || 'message' in value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function levelOf(level: unknown): string {
  if (typeof level === 'number') return levelNumbers[level] ?? String(level);
  return typeof level === 'string' ? printable(level) : '';
}

function said(entry: Entry, output: Output): string {
  const known: Entry = 'duration_ms' in entry ? { ...entry, duration: `${textOf(entry['duration_ms'])} ms` } : entry;
  const others = Object.keys(entry).filter((name) => !elsewhere.has(name) && !firstFields.includes(name) && !lastFields.includes(name));
  const present = (name: string) => known[name] !== undefined;
  const values = firstFields.filter(present).map((name) => textOf(known[name]));
  const pairs = [...others, ...lastFields.filter(present)].map((name) => `${printable(name)}=${textOf(known[name])}`);
  const words = [textOf(entry['msg'] ?? entry['message']), values.join(' '), output.styled('dim', pairs.join(' '), 'data')];
  return [words.filter((word) => word !== '').join('  '), ...causes(entry['err'] ?? entry['error'], output), ...causes(entry['cause'], output)].join('\n');
}

/** What an error says and why; its stack where there is one, which says both. */
function causes(error: unknown, output: Output): string[] {
  if (typeof error === 'string') return [output.styled('red', `  ${printable(error)}`, 'data')];
  if (!isObject(error)) return [];
  const { type, message, stack, cause } = error;
  const lines = typeof stack === 'string' && stack !== '' ? stack.split('\n') : [`${textOf(type ?? 'Error')}: ${textOf(message)}`];
  const shown = lines.map((line) => output.styled(/^\s+at /.test(line) ? 'dim' : 'red', `  ${printable(line)}`, 'data'));
  return [...shown, ...causes(cause, output)];
}

function textOf(value: unknown): string {
  if (value === undefined) return '';
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}

/** In JSON they were harmless; on a terminal they would be commands. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (control) => JSON.stringify(control).slice(1, -1));
}

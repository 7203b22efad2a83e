import { isObject } from '../manifests/json';
import { shortened } from '../output/shortened';

/** What a log says of an end or a fault: the line that tells it, and what stands around it. */
export interface LogWords {
  /** The telling line, without a stack. */
  readonly line: string;
  /** That line and, of a stack, its first frames. */
  readonly excerpt: readonly string[];
}

/** Frames of a stack that are shown. */
const shownFrames = 4;

/** How long a quoted line may be. */
const longest = 300;

/**
 * The words of a log's end that tell why: the last thrown error or panic with its first frames, the last JSON line that is an error, or the last lines
 * of text. Nothing when it is empty.
 */
export function wordsOf(log: string | undefined): LogWords | undefined {
  const lines = (log ?? '').split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) return undefined;
  return panicked(lines) ?? thrown(lines) ?? jsonError(lines) ?? listed(lines) ?? lastText(lines);
}

/** `panic: words`, or another end that Go tells above its goroutines: a signal or more words may stand between. */
function panicked(lines: readonly string[]): LogWords | undefined {
  const goroutine = lines.findLastIndex((line) => /^goroutine \d+ /.test(line));
  const at = lines.findLastIndex((line, i) => i < goroutine && /^(?:panic|fatal error|SIG[A-Z]+): /.test(line));
  return at < 0 ? undefined : { line: cut(lines[at]!), excerpt: lines.slice(at, at + 1 + shownFrames).map(cut) };
}

/** `Error: words` with frames below it, as Node.js and Java print them. Java's last cause tells what all before it came from. */
function thrown(lines: readonly string[]): LogWords | undefined {
  const at = lines.findLastIndex((line, i) => isError(line) && isFrame(lines[i + 1]));
  const below = lines.slice(at + 1);
  const causeAt = below.findLastIndex((line) => isJavaCause(line) || (at >= 0 && isNodeCause(line)));
  const [error, cause] = [lines[at], below[causeAt]];
  const told = cause !== undefined && isJavaCause(cause) ? cause : error;
  if (told === undefined) return undefined;
  const frames = below
    .slice(causeAt + 1)
    .filter(isFrame)
    .slice(0, shownFrames);
  return { line: cut(told), excerpt: [error, cause, ...frames].filter((line) => line !== undefined).map(cut) };
}

/** Told by its beginning: however long the line is, it is looked at at once. */
function isError(line: string): boolean {
  return /^(?:Uncaught )?[\w.$]*(?:Error|Exception)\b[^{}]*: ?\S/.test(line.slice(0, longest));
}

function isFrame(line: string | undefined): boolean {
  return line !== undefined && /^\s+at \S/.test(line);
}

/** Java's; one of an exception that was only suppressed is indented. */
function isJavaCause(line: string): boolean {
  return /^Caused by: \S/.test(line);
}

/** Node.js' */
function isNodeCause(line: string): boolean {
  return /^\s+\[cause\]: [^\s{[]/.test(line);
}

/** A line of pino, or of any logger that writes `level` and `msg`. */
function jsonError(lines: readonly string[]): LogWords | undefined {
  for (const line of [...lines].reverse()) {
    const value = parsed(line);
    if (value === undefined || !/fatal|error|50|60/i.test(String(value['level']))) continue;
    const error = isObject(value['err']) ? value['err'] : {};
    const message = messageOf(value);
    const stack = typeof error['stack'] === 'string' ? error['stack'].split('\n').filter(isFrame).slice(0, shownFrames) : [];
    if (message !== '') return { line: cut(message), excerpt: [message, ...stack].map(cut) };
  }
  return undefined;
}

function messageOf(value: Record<string, unknown>): string {
  const error = isObject(value['err']) ? value['err'] : {};
  return [value['msg'], error['message'], value['cause']].filter((part) => typeof part === 'string' && part !== '').join(': ');
}

/** Whether a line says a time that is no longer ago than so many milliseconds; nothing when it says none. @param now - by the server's clock */
export function isRecentLine(line: string, now: number, ms: number): boolean | undefined {
  const time = parsed(line)?.['time'];
  const at = typeof time === 'string' ? Date.parse(time) : NaN;
  return Number.isNaN(at) ? undefined : now - at < ms;
}

/** When a line was said, as the kubelet puts it before each that it is asked to. */
const time = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) /gm;

/** A log without the times that the kubelet puts before its lines, and the last of them in milliseconds since 1970; NaN when it is empty. */
export function withoutTimes(log: string): { readonly text: string; readonly lastAt: number } {
  return { text: log.replaceAll(time, ''), lastAt: Date.parse(log.match(time)?.at(-1)?.trimEnd() ?? '') };
}

/** A line as people read it: of JSON only what it says. */
export function plainLine(line: string): string {
  const value = parsed(line);
  return cut(value === undefined ? line : messageOf(value) || line);
}

function parsed(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A headline and the points below it, as a service prints faults of its configuration. */
function listed(lines: readonly string[]): LogWords | undefined {
  const first = lines.findIndex((line) => /^\s+- /.test(line));
  if (first < 1 || !lines.slice(first).every((line) => /^\s+- /.test(line))) return undefined;
  const points = lines.slice(first).map((line) => line.replace(/^\s+- /, ''));
  return { line: cut(points.join('; ')), excerpt: lines.slice(first - 1).map(cut) };
}

function lastText(lines: readonly string[]): LogWords {
  const texts = lines.filter((line) => parsed(line) === undefined && !/^Node\.js v\d/.test(line));
  const shown = (texts.length > 0 ? texts : lines).slice(-3);
  return { line: cut(shown.at(-1)!), excerpt: shown.map(cut) };
}

function cut(line: string): string {
  return shortened(withoutPasswords(line.trimEnd()), longest);
}

/**
 * A URL may hold a password, whoever wrote it there, and a password an `@`: it goes on to the last one before a slash, a space or a quote, or, where
 * it holds a quote, before a slash or a space. Each part ends where the next may begin: so a long line is read at once, whatever is in it.
 */
export function withoutPasswords(text: string): string {
  return text.replace(/(:\/\/[^\s:/]*):(?:[^\s/"'`]+@|[^\s/]+@)/g, '$1:…@');
}

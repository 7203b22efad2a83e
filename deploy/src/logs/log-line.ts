/** A line of a container's log, as the node kept it. */
export interface LogLine {
  /** When the container wrote it: UTC to the nanosecond, always 30 characters, so that texts compare as times do. Such as `2026-11-28T12:08:18.767356643Z`. */
  readonly time: string;
  /** Its bytes, one character each (latin1): what a container writes need be no text. */
  readonly text: string;
}

const stamp = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)(?: |$)/;

/** Characters of a time. */
const timeLength = 30;

/** Splits a line that was asked for with `timestamps=true`; nothing when no time stands before it: then it is no line of the container. */
export function logLine(raw: string): LogLine | undefined {
  // nearly all of them
  if (raw[10] === 'T' && raw[19] === '.' && raw[29] === 'Z' && (raw[30] === ' ' || raw.length === timeLength))
    return { time: raw.slice(0, timeLength), text: raw.slice(timeLength + 1) };
  const [whole, seconds, fraction = '', zone] = stamp.exec(raw) ?? [];
  if (whole === undefined) return undefined;
  const utc = new Date(Date.parse(`${seconds}${zone}`)).toISOString().slice(0, 19);
  return { time: `${utc}.${fraction.padEnd(9, '0')}Z`, text: raw.slice(whole.length) };
}

/** What bytes say, as UTF-8. @param bytes - one character each */
export function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString();
}

/** The second in which something was written, as the API takes it. */
export function secondOf(time: string): string {
  return `${time.slice(0, 19)}Z`;
}

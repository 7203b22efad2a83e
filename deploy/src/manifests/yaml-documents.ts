import {
  constructFromEvents,
  defineScalarTag,
  EVENT_ID,
  FAILSAFE_SCHEMA,
  mergeTag,
  NOT_RESOLVED,
  parseEvents,
  SCALAR_STYLE,
  YAMLException,
  type Event,
} from 'js-yaml';

/** One document of a file. */
export interface YamlDocument {
  readonly value: unknown;
  /** Line on which it begins, from 1. */
  readonly line: number;
}

/** A plain scalar that is no text. */
function scalar(name: string, pattern: RegExp, valueOf: (text: string) => unknown) {
  return defineScalarTag(`tag:yaml.org,2002:${name}`, {
    implicit: true,
    resolve: (text) => (pattern.test(text) ? valueOf(text) : NOT_RESOLVED),
    identify: () => false,
  });
}

const int = /^(?:[-+]?[0-9][0-9_]*|[-+]?0b[01][01_]*|0o[0-7][0-7_]*|[-+]?0x[0-9a-fA-F][0-9a-fA-F_]*)$/;

/**
 * YAML 1.2's own, and what kubectl reads besides because it reads YAML 1.1: `defaultMode: 0644` is 420 to it, `1_000` is 1000, `0b11` is 3, and `yes` is true. Times of day and dates
 * stay texts, as with kubectl.
 */
const schema = FAILSAFE_SCHEMA.withTags(
  mergeTag,
  scalar('null', /^(?:~|[Nn]ull|NULL)?$/, () => null),
  scalar('bool', /^(?:[Tt]rue|TRUE|[Ff]alse|FALSE|[Yy]es|YES|[Nn]o|NO|[Oo]n|ON|[Oo]ff|OFF)$/, (text) => /^(?:t|y|on)/i.test(text)),
  scalar('int', int, integer),
  scalar('float', /^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.nan|\.NaN|\.NAN)$/, real),
);

function integer(text: string): number {
  const digits = text.replaceAll('_', '');
  if (/^[-+]?0[bx]/.test(digits)) return (digits.startsWith('-') ? -1 : 1) * Number(digits.replace(/^[-+]/, ''));
  return /^[-+]?0[0-7]+$/.test(digits) ? parseInt(digits, 8) : Number(digits);
}

function real(text: string): number {
  if (/nan$/i.test(text)) return NaN;
  return /inf$/i.test(text) ? (text.startsWith('-') ? -Infinity : Infinity) : parseFloat(text);
}

/** Values that aliases may make of a file: ten lines can stand for a billion of them. */
const mostValues = 1_000_000;

/** Levels of objects and lists within one another: schemas of definitions have some forty. */
const mostDepth = 500;

/**
 * The documents of a YAML or JSON text, the empty ones left out.
 *
 * @throws Error with line and column when it is none
 */
export function yamlDocuments(text: string): YamlDocument[] {
  const source = text.replace(/^\uFEFF/, '');
  try {
    const events = parseEvents(source, { maxDepth: mostDepth });
    refuseUnsafe(source, events);
    const values = constructFromEvents(events, { source, schema });
    if (events.some(({ type }) => type === EVENT_ID.ALIAS)) countValues(values, { left: mostValues });
    const starts = startsOf(events);
    const lines = linesOf(source, starts);
    return values.flatMap((value, i) => (value === null || value === undefined ? [] : [{ value, line: lines[i]! }]));
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const { line, column } = error.mark ?? { line: 0, column: 0 };
    throw new Error(`${error.reason} at line ${line + 1}, column ${column + 1}`, { cause: error });
  }
}

/** A number that can't be kept to its last digit would become another one, and nobody would know. It isn't shown: it may be a Secret's. */
function refuseUnsafe(source: string, events: readonly Event[]): void {
  for (const event of events) {
    if (event.type !== EVENT_ID.SCALAR || event.style !== SCALAR_STYLE.PLAIN || event.tagStart >= 0) continue;
    const text = source.slice(event.valueStart, event.valueEnd);
    if (!int.test(text) || Number.isSafeInteger(integer(text))) continue;
    const [line] = linesOf(source, [event.valueStart]);
    throw new Error(`the whole number at line ${line} is beyond 2^53, so it can't be kept exactly: write it in quotes where a text will do`);
  }
}

/** Where the content of each document begins; -1 of an empty one. */
function startsOf(events: readonly Event[]): number[] {
  return events.flatMap(({ type }, i) => {
    const content = events[i + 1];
    if (type !== EVENT_ID.DOCUMENT || content === undefined) return [];
    return ['start' in content ? content.start : 'valueStart' in content ? content.valueStart : -1];
  });
}

function linesOf(source: string, offsets: readonly number[]): number[] {
  let [line, at] = [1, 0];
  return offsets.map((offset) => {
    for (; at < offset; at++) if (source[at] === '\n') line++;
    return line;
  });
}

function countValues(value: unknown, budget: { left: number }, depth = 0): void {
  if (--budget.left < 0 || depth > mostDepth) throw new Error('its aliases stand for more than a million values, or for themselves: write them out');
  if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) countValues(member, budget, depth + 1);
}

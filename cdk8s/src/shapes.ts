import { oneOf } from './value-rules';

/** What kind of thing a value is. The compiler asks, and nothing does any more when synth runs. */
export interface Shape {
  /** Ends the sentence "it must be …". */
  readonly words: string;
  /** A sentence for each place at `where` or below it that is something else. */
  faults(where: string, value: unknown): string[];
}

/** A member that may be left out. */
interface Optional {
  readonly optional: Shape;
}

/** The members of a type. The compiler keeps it complete, and knows which may be left out. */
export type Members<Type> = { readonly [Member in keyof Type]-?: object extends Pick<Type, Member> ? Optional : Shape };

function shape(words: string, fits: (value: unknown) => boolean): Shape {
  return { words, faults: (where, value) => (fits(value) ? characterFaults(where, value) : [`${where} is ${shown(value)}: it must be ${words}`]) };
}

/** Control characters, what is no character, and half ones: https://yaml.org/spec/1.2.2/#51-character-set, less U+0085, which YAML 1.1 takes for a line's end. */
const unwritable = /[^\t\n\r\u{20}-\u{7e}\u{a0}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;

function characterFaults(where: string, value: unknown): string[] {
  const [found] = (isText(value) && unwritable.exec(value)) || [];
  if (found === undefined) return [];
  const code = found.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
  return [`${where} has the character U+${code} in it, which no manifest can hold: leave it out`];
}

/** Objects and lists by their kind alone: a secret may be in them. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return isObject(value) ? 'an object' : 'an instance of a class';
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** Any text. */
export const text = shape('a text', isText);
/** A text that people read. */
export const words = shape('a text of more than white space', (value) => isText(value) && value.trim() !== '');
/** Any number: its bounds are a rule's. */
export const number = shape('a number', (value) => typeof value === 'number');
/** A yes or no. */
export const flag = shape('true or false', (value) => typeof value === 'boolean');
/** What a variable's value may be written as. */
export const plain = shape('a text, a number, true or false', (value) => ['string', 'number', 'boolean'].includes(typeof value));
/** Whatever JSON can say. */
export const anything: Shape = {
  words: 'anything',
  faults: (where, value) =>
    (Array.isArray(value) ? listOf(anything) : isObject(value) ? recordOf(anything) : shape('anything', () => true)).faults(where, value),
};

/** A text, told with an example. */
export function textSuchAs(example: string): Shape {
  return shape(`a text such as "${example}"`, isText);
}

/** One word out of a list. */
export function word(...choices: readonly string[]): Shape {
  return shape(oneOf(...choices).words, (value) => oneOf(...choices).holds(value));
}

/** The one or the other, of which one is an object or a list. */
export function either(simple: Shape, composed: Shape): Shape {
  const both = shape(`${simple.words}, or ${composed.words}`, (value) => simple.faults('', value).length === 0);
  return { ...both, faults: (where, value) => (typeof value === 'object' && value !== null ? composed : both).faults(where, value) };
}

/** A list of one kind of things. */
export function listOf(item: Shape): Shape {
  const list = shape('a list', Array.isArray);
  return {
    ...list,
    faults: (where, value) => (Array.isArray(value) ? value.flatMap((each, index) => item.faults(`${where}[${index}]`, each)) : list.faults(where, value)),
  };
}

type Entries = Readonly<Record<string, unknown>>;

/** A plain object: the members of others, such as a Map, are not what they hold. */
function isObject(value: unknown): value is Entries {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** An object of one kind of things, whatever they are called. */
export function recordOf(entry: Shape): Shape {
  const object = shape('an object', isObject);
  return {
    ...object,
    faults: (where, value) =>
      isObject(value)
        ? Object.entries(value).flatMap(([name, each]) => [...characterFaults(`a key of ${where}`, name), ...entry.faults(`${where}["${name}"]`, each)])
        : object.faults(where, value),
  };
}

/**
 * An object of known members: one that nothing reads is told too, because a misspelt one is it.
 *
 * @param whole - what it is called where it is no part of anything
 */
export function objectOf<Type>(members: Members<Type>, whole = ''): Shape {
  const known = Object.keys(members);
  const object = shape(`an object with ${known.join(', ')}`, isObject);
  return {
    ...object,
    faults(where, value) {
      const name = where || whole;
      if (!isObject(value)) return object.faults(name, value);
      return [
        ...Object.keys(value)
          .filter((member) => !known.includes(member))
          .map((member) => `${name} has "${member}", which nothing reads: there are ${known.join(', ')}; correct its name, or leave it out`),
        ...Object.entries<Optional | Shape>(members).flatMap(([member, part]) => {
          const each = Object.hasOwn(value, member) ? value[member] : undefined;
          const place = where === '' ? member : `${where}.${member}`;
          if (each !== undefined) return ('optional' in part ? part.optional : part).faults(place, each);
          return 'optional' in part ? [] : [`${name} lacks "${member}": give it; npm run typecheck says what it is`];
        }),
      ];
    },
  };
}

/** An object whose `kind` says which members it has. */
export function byKind<Union extends { readonly kind: string }>(kinds: {
  readonly [Kind in Union['kind']]: Omit<Members<Extract<Union, { kind: Kind }>>, 'kind'>;
}): Shape {
  const shapes = new Map(Object.entries<object>(kinds).map(([kind, members]) => [kind, objectOf<{ kind: string }>({ kind: text, ...members })]));
  const object = shape('an object with a kind', isObject);
  return {
    ...object,
    faults(where, value) {
      if (!isObject(value)) return object.faults(where, value);
      const found = shapes.get(value['kind'] as string);
      return found ? found.faults(where, value) : word(...shapes.keys()).faults(`${where}.kind`, value['kind']);
    },
  };
}

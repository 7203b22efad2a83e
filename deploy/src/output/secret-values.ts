import { isObject } from '../manifests/json';
import { groupOf, type KubernetesObject, type ObjectReference } from '../manifests/kubernetes-object';
import { contentOf, hidden } from '../plan/field-changes';

/** Shorter values are words of everyday: `true`, a user's name, a port. */
const shortest = 5;

/** Longer words of everyday: what else switches are set to. */
const switched = /^(false|enabled?|disabled?)$/i;

/** Lines of a value are hidden one by one too, as logs and diffs show them: a key's, but none so short that a configuration's may be anybody's. */
const shortestLine = 16;

/** What is left of a shorter value within base64 of more is too little to be told from anything else. */
const shortestWithin = 8;

/** What is made for an account has its namespace beside the token. https://kubernetes.io/docs/concepts/configuration/secret/#service-account-token-secrets */
const tokenType = 'kubernetes.io/service-account-token';

/** Where a text may have been cut off: an ellipsis that ends it or a part of it. */
const cutOff = /…(?![@\w])/g;

/** Who is named: an object, or a stack. */
export type Named = Pick<ObjectReference, 'name' | 'namespace'> & Partial<Pick<ObjectReference, 'kind'>>;

/** A value, and every form in which it might turn up in a message. */
interface Value {
  /** Without spaces around it. */
  readonly word: string;
  readonly texts: readonly string[];
  readonly bytes: readonly string[];
}

/** What is looked for, and the names of which it is a part. */
interface Form {
  readonly text: string;
  readonly orName?: RegExp;
}

/** What must not be shown, and what must be: a value that is the name of something is no secret. */
export class SecretValues {
  /** By their bytes. */
  private readonly values = new Map<string, Value>();
  /** Are shown whatever is a part of them. */
  private readonly names = new Set<string>();
  /** Names of fields: there are so many that a value may be a part of one. */
  private readonly fields = new Set<string>();
  private known = 0;
  /** A form may be in a longer one, which is hidden first. */
  private longestFirst: readonly Form[] = [];
  private longestBytesFirst: readonly Form[] = [];

  /** Takes the values of a Secret in, and of any object what it and its fields are called. */
  add(object: KubernetesObject): void {
    const { apiVersion, kind, metadata, type, data, stringData, binaryData } = object;
    this.except({ kind, ...metadata });
    for (const members of [data, stringData, binaryData]) for (const key of Object.keys(isObject(members) ? members : {})) this.names.add(key);
    for (const field of fieldsOf(contentOf(object))) this.fields.add(field);
    if (kind !== 'Secret' || groupOf(apiVersion) !== '') return;
    for (const [members, encoding] of [[data, 'base64'] as const, [stringData, 'utf8'] as const])
      for (const [key, value] of Object.entries(isObject(members) ? members : {}))
        if (typeof value === 'string' && !(type === tokenType && key === 'namespace')) this.addValue(Buffer.from(value, encoding));
  }

  /** Has names shown, whatever the values are, and whenever they are taken in. */
  except({ kind, namespace, name }: Named): void {
    for (const word of [kind, namespace, name]) if (word !== undefined) this.names.add(word);
  }

  /** A text without them; where it was cut off within one, without its beginning. */
  hiddenIn(text: string): string {
    this.refresh();
    const shown = without(text, this.longestFirst);
    return this.longestFirst.length > 0 && shown.includes('…') ? this.withoutBeginnings(shown) : shown;
  }

  /** Bytes without them, one character each (latin1). */
  hiddenInBytes(bytes: string): string {
    this.refresh();
    return without(bytes, this.longestBytesFirst);
  }

  /** Finds out again what is looked for, when something became known. */
  private refresh(): void {
    const known = this.values.size + this.names.size + this.fields.size;
    if (known === this.known) return;
    this.known = known;
    const secrets = [...this.values.values()].filter(({ word }) => !this.isPublic(word));
    this.longestFirst = this.lookedFor(secrets.flatMap(({ texts }) => texts));
    this.longestBytesFirst = this.lookedFor(secrets.flatMap(({ bytes }) => bytes));
  }

  private lookedFor(forms: readonly string[]): readonly Form[] {
    return [...new Set(forms)]
      .filter((form) => !this.isPublic(form))
      .sort((one, other) => other.length - one.length)
      .map((text) => {
        const longer = [...this.names].filter((name) => name.includes(text));
        return longer.length === 0 ? { text } : { text, orName: nameOrForm(longer, text) };
      });
  }

  private isPublic(word: string): boolean {
    return this.names.has(word) || this.fields.has(word);
  }

  private withoutBeginnings(text: string): string {
    let shown = '';
    let from = 0;
    for (const { index } of text.matchAll(cutOff)) {
      const before = text.slice(from, index);
      const cut = Math.max(...this.longestFirst.map((form) => lengthOfBeginning(before, form.text)));
      shown += cut === 0 ? before : before.slice(0, -cut) + hidden;
      from = index;
    }
    return shown + text.slice(from);
  }

  private addValue(value: Buffer): void {
    const [text, key] = [value.toString(), value.toString('latin1')];
    const word = text.trim();
    if (this.values.has(key) || word.length < shortest || switched.test(word)) return;
    const inJson = JSON.stringify(text).slice(1, -1);
    const forms = [
      text,
      word,
      inJson,
      JSON.stringify(inJson).slice(1, -1),
      value.toString('base64'),
      value.toString('base64').replace(/=+$/, ''),
      value.toString('base64url'),
      value.toString('hex'),
      value.toString('hex').toUpperCase(),
      encodeURIComponent(text.toWellFormed()),
      new URLSearchParams([['', text]]).toString().slice(1),
    ];
    for (const bytes of [value, Buffer.from(word)]) if (bytes.length >= shortestWithin) forms.push(...withinBase64(bytes));
    const lines = text.split('\n').map((line) => line.trim());
    if (lines.length > 1) forms.push(...lines.filter((line) => line.length >= shortestLine));
    this.values.set(key, { word, texts: forms, bytes: [...forms.map((form) => Buffer.from(form).toString('latin1')), key] });
  }
}

/**
 * What base64 of a longer text has of a value, such as a password's after its user's name in a header: by where the value begins among the groups of
 * three bytes, the characters that it alone decides.
 */
function withinBase64(value: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const [first, end] = [Math.ceil((before * 8) / 6), Math.floor(((before + value.length) * 8) / 6)];
    const encoded = Buffer.concat([Buffer.alloc(before), value]);
    return [encoded.toString('base64').slice(first, end), encoded.toString('base64url').slice(first, end)];
  });
}

/** Names of all fields, however deep. */
function fieldsOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(fieldsOf);
  return isObject(value) ? Object.entries(value).flatMap(([field, member]) => [field, ...fieldsOf(member)]) : [];
}

/** Finds a form, or a whole name that it is a part of; what is made of a name, such as a pod's, goes on with a dash or a dot. */
function nameOrForm(names: readonly string[], form: string): RegExp {
  const longestFirst = names.toSorted((one, other) => other.length - one.length);
  return new RegExp(`(?<![A-Za-z0-9])(?:${longestFirst.map(escaped).join('|')})(?![A-Za-z0-9])|${escaped(form)}`, 'g');
}

function escaped(text: string): string {
  return text.replace(/[^\w\s]/g, '\\$&');
}

function without(text: string, forms: readonly Form[]): string {
  let shown = text;
  for (const { text: form, orName = form } of forms) if (shown.includes(form)) shown = shown.replaceAll(orName, (found) => (found === form ? hidden : found));
  return shown;
}

/** Characters of a form's beginning that end a text. @returns 0 where there are fewer than would be hidden */
function lengthOfBeginning(text: string, form: string): number {
  for (let length = Math.min(form.length, text.length); length >= shortest; length--) if (text.endsWith(form.slice(0, length))) return length;
  return 0;
}

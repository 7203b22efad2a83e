import { groupOf, type KubernetesObject } from '../manifests/kubernetes-object';
import { hidden } from '../plan/field-changes';

/** Shorter values are words of everyday: `true`, a user's name, a port. */
const shortest = 5;

/** Lines of a value are hidden one by one too, as logs and diffs show them: a key's, but none so short that a configuration's may be anybody's. */
const shortestLine = 16;

/** What is left of a shorter value within base64 of more is too little to be told from anything else. */
const shortestWithin = 8;

/** Where a text may have been cut off: an ellipsis that ends it or a part of it. */
const cutOff = /…(?![@\w])/g;

/** What must not be shown, in every form in which it might turn up in a message. */
export class SecretValues {
  private readonly forms = new Set<string>();
  /** A form may be in a longer one, which is hidden first. */
  private longestFirst: readonly string[] = [];
  private readonly byteForms = new Set<string>();
  private longestBytesFirst: readonly string[] = [];

  /** Takes the values of a Secret in; other objects have none. */
  add(object: KubernetesObject): void {
    if (object.kind !== 'Secret' || groupOf(object.apiVersion) !== '') return;
    const { data = {}, stringData = {} } = object as { data?: Record<string, unknown>; stringData?: Record<string, unknown> };
    for (const value of Object.values(data)) if (typeof value === 'string') this.addValue(Buffer.from(value, 'base64'));
    for (const value of Object.values(stringData)) if (typeof value === 'string') this.addValue(Buffer.from(value));
    this.longestFirst = longestFirst(this.forms);
    this.longestBytesFirst = longestFirst(this.byteForms);
  }

  /** A text without them; where it was cut off within one, without its beginning. */
  hiddenIn(text: string): string {
    const shown = without(text, this.longestFirst);
    return this.forms.size > 0 && shown.includes('…') ? this.withoutBeginnings(shown) : shown;
  }

  /** Bytes without them, one character each (latin1). */
  hiddenInBytes(bytes: string): string {
    return without(bytes, this.longestBytesFirst);
  }

  private withoutBeginnings(text: string): string {
    let shown = '';
    let from = 0;
    for (const { index } of text.matchAll(cutOff)) {
      const before = text.slice(from, index);
      const cut = Math.max(...this.longestFirst.map((form) => lengthOfBeginning(before, form)));
      shown += cut === 0 ? before : before.slice(0, -cut) + hidden;
      from = index;
    }
    return shown + text.slice(from);
  }

  private addValue(value: Buffer): void {
    const text = value.toString();
    if (text.trim().length < shortest) return;
    const inJson = JSON.stringify(text).slice(1, -1);
    const forms = [
      text,
      text.trim(),
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
    for (const bytes of [value, Buffer.from(text.trim())]) if (bytes.length >= shortestWithin) forms.push(...withinBase64(bytes));
    const lines = text.split('\n').map((line) => line.trim());
    if (lines.length > 1) forms.push(...lines.filter((line) => line.length >= shortestLine));
    for (const form of forms) {
      this.forms.add(form);
      this.byteForms.add(Buffer.from(form).toString('latin1'));
    }
    this.byteForms.add(value.toString('latin1'));
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

function longestFirst(forms: ReadonlySet<string>): readonly string[] {
  return [...forms].sort((one, other) => other.length - one.length);
}

function without(text: string, forms: readonly string[]): string {
  let shown = text;
  for (const form of forms) if (shown.includes(form)) shown = shown.replaceAll(form, hidden);
  return shown;
}

/** Characters of a form's beginning that end a text. @returns 0 where there are fewer than would be hidden */
function lengthOfBeginning(text: string, form: string): number {
  for (let length = Math.min(form.length, text.length); length >= shortest; length--) if (text.endsWith(form.slice(0, length))) return length;
  return 0;
}

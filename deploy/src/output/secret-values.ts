import { groupOf, type KubernetesObject } from '../manifests/kubernetes-object';
import { hidden } from '../plan/field-changes';

/** Shorter values are words of everyday: `true`, a user's name, a port. */
const shortest = 5;

/** What must not be shown, in every form in which it might turn up in a message. */
export class SecretValues {
  private readonly forms = new Set<string>();
  /** A form may be in a longer one, which is hidden first. */
  private longestFirst: readonly string[] = [];

  /** Takes the values of a Secret in; other objects have none. */
  add(object: KubernetesObject): void {
    if (object.kind !== 'Secret' || groupOf(object.apiVersion) !== '') return;
    const { data = {}, stringData = {} } = object as { data?: Record<string, unknown>; stringData?: Record<string, unknown> };
    for (const value of Object.values(data)) if (typeof value === 'string') this.addValue(Buffer.from(value, 'base64'));
    for (const value of Object.values(stringData)) if (typeof value === 'string') this.addValue(Buffer.from(value));
    this.longestFirst = [...this.forms].sort((one, other) => other.length - one.length);
  }

  /** A text without them. */
  hiddenIn(text: string): string {
    let shown = text;
    for (const form of this.longestFirst) if (shown.includes(form)) shown = shown.replaceAll(form, hidden);
    return shown;
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
    for (const form of forms) this.forms.add(form);
  }
}

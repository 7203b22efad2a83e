/** JSON values. */
type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/**
 * A Kubernetes object as YAML, its members sorted but for apiVersion, kind and metadata, which come first.
 *
 * Of our own: a library that knows comments and anchors, which nothing here has, would take longer than all the rest of synth. Texts that any parser of YAML 1.1 or
 * 1.2 might take for something else are quoted.
 */
export function toYaml(object: unknown): string {
  const members = Object.keys(object as object);
  const order = [...heads.filter((head) => members.includes(head)), ...members.filter((member) => !heads.includes(member)).sort()];
  return `${memberLines(object as Members, order, '').join('\n')}\n`;
}

type Members = Readonly<Record<string, Value>>;

const heads = ['apiVersion', 'kind', 'metadata'];

function memberLines(value: Members, keys: readonly string[], indent: string): string[] {
  return keys.flatMap((key) => withHead(`${indent}${scalar(key)}:`, value[key]!, indent));
}

function withHead(head: string, value: Value, indent: string): string[] {
  if (typeof value !== 'object' || value === null) return [`${head} ${typeof value === 'string' ? text(value, indent) : String(value)}`];
  if (Array.isArray(value)) return value.length === 0 ? [`${head} []`] : [head, ...itemLines(value, `${indent}  `)];
  const keys = Object.keys(value).sort();
  return keys.length === 0 ? [`${head} {}`] : [head, ...memberLines(value as Members, keys, `${indent}  `)];
}

function itemLines(items: readonly Value[], indent: string): string[] {
  return items.flatMap((item) => {
    if (typeof item !== 'object' || item === null || Object.keys(item).length === 0) return withHead(`${indent}-`, item, indent);
    const lines = Array.isArray(item) ? itemLines(item, `${indent}  `) : memberLines(item as Members, Object.keys(item).sort(), `${indent}  `);
    return [`${indent}- ${lines[0]!.slice(indent.length + 2)}`, ...lines.slice(1)];
  });
}

function text(value: string, indent: string): string {
  return isBlock(value) ? block(value, indent) : scalar(value);
}

/** Begins with a letter or slash and has nothing that means something in YAML. */
const plain = /^[A-Za-z/](?:[A-Za-z0-9/._@-]|:(?=[^ ]))*$/;

/** What YAML 1.1 takes for true, false or nothing. */
const words = /^(?:y|yes|n|no|true|false|on|off|null)$/i;

function scalar(value: string): string {
  if (plain.test(value) && !words.test(value)) return value;
  return singleQuotable.test(value) ? `'${value.replaceAll("'", "''")}'` : quoted(value);
}

/** Printable text with what JSON would have to escape. */
const singleQuotable = /^(?=.*["\\])[\x20-\x7e]*$/;

/** JSON, with what YAML wants escaped beyond it. */
function quoted(value: string): string {
  return JSON.stringify(value).replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Several lines of printable text, the first not indented, as they are. */
function isBlock(value: string): boolean {
  return value.includes('\n') && /^[^\s]/.test(value) && !/[^\n\x20-\x7e\u00a1-\u1fff]/.test(value) && !value.endsWith('\n\n');
}

function block(value: string, indent: string): string {
  const chomp = value.endsWith('\n') ? '' : '-';
  const lines = (chomp === '' ? value.slice(0, -1) : value).split('\n');
  return [`|${chomp}`, ...lines.map((line) => (line === '' ? '' : `${indent}  ${line}`))].join('\n');
}

import { isObject, same } from '../manifests/json';
import type { KubernetesObject } from '../manifests/kubernetes-object';

/**
 * One field that another value is in. Of a list of named elements that come in another order the names of those that stay are the value. A value that isn't there is
 * `undefined`; those of a Secret are {@link hidden}.
 */
export interface FieldChange {
  /** Such as `spec.template.spec.containers[user-service].image`; members of lists by their name, else by their index from 0. */
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** Stands for a value that nobody is shown. */
export const hidden = '(secret)';

/** What the server keeps of its own accord: no change of these is one that a manifest made. */
const serverMembers = new Set([
  'managedFields',
  'resourceVersion',
  'generation',
  'uid',
  'creationTimestamp',
  'selfLink',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
]);

/** kubectl's copy of the manifest, which holds all that is in it. */
const copyOfKubectl = 'kubectl.kubernetes.io/last-applied-configuration';

/** What is an object's own: without its status and what the server keeps of it. */
export function contentOf({ status: _, metadata, ...rest }: KubernetesObject): Record<string, unknown> {
  const { annotations, ...own } = Object.fromEntries(Object.entries(metadata).filter(([member]) => !serverMembers.has(member))) as {
    annotations?: Record<string, string>;
  };
  const kept = Object.entries(annotations ?? {}).filter(([name]) => name !== copyOfKubectl);
  return { ...rest, metadata: { ...own, ...(kept.length > 0 ? { annotations: Object.fromEntries(kept) } : {}) } };
}

/** The fields in which two states of an object differ, in the order in which they stand. */
export function changesBetween(before: KubernetesObject, after: KubernetesObject): FieldChange[] {
  const changes = compare('', contentOf(before), contentOf(after));
  return before.kind === 'Secret' ? changes.map(hiddenValue) : changes;
}

function hiddenValue(change: FieldChange): FieldChange {
  if (!/^(data|stringData)\b/.test(change.path)) return change;
  return { ...change, from: change.from === undefined ? undefined : hidden, to: change.to === undefined ? undefined : hidden };
}

function compare(path: string, before: unknown, after: unknown): FieldChange[] {
  if (isObject(before) && isObject(after)) return compareMembers(path, before, after);
  if (Array.isArray(before) && Array.isArray(after)) return compareLists(path, before, after);
  return same(before, after) ? [] : [{ path, from: before, to: after }];
}

function compareMembers(path: string, before: Record<string, unknown>, after: Record<string, unknown>): FieldChange[] {
  const members = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...members].flatMap((member) => compare(memberPath(path, member), before[member], after[member]));
}

function compareLists(path: string, before: readonly unknown[], after: readonly unknown[]): FieldChange[] {
  const [named, renamed] = [byName(before), byName(after)];
  if (named !== undefined && renamed !== undefined) {
    const names = new Set([...named.keys(), ...renamed.keys()]);
    return [
      ...reordered(path, [...named.keys()], [...renamed.keys()]),
      ...[...names].flatMap((name) => compare(`${path}[${name}]`, named.get(name), renamed.get(name))),
    ];
  }
  if (before.length !== after.length || ![...before, ...after].every(isObject)) return same(before, after) ? [] : [{ path, from: before, to: after }];
  return before.flatMap((value, index) => compare(`${path}[${index}]`, value, after[index]));
}

function reordered(path: string, before: readonly string[], after: readonly string[]): FieldChange[] {
  const from = before.filter((name) => after.includes(name));
  const to = after.filter((name) => before.includes(name));
  return same(from, to) ? [] : [{ path, from, to }];
}

/** Elements by name, when each has one of its own. */
function byName(list: readonly unknown[]): Map<string, unknown> | undefined {
  const names = list.map((element) => (isObject(element) && typeof element['name'] === 'string' ? element['name'] : undefined));
  if (names.includes(undefined) || new Set(names).size < names.length) return undefined;
  return new Map(list.map((element, index) => [names[index]!, element]));
}

function memberPath(path: string, member: string): string {
  const isWord = /^[A-Za-z_][\w-]*$/.test(member);
  if (!isWord) return `${path}[${JSON.stringify(member)}]`;
  return path === '' ? member : `${path}.${member}`;
}

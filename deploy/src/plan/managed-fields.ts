import { fieldManager } from '../cluster/cluster';
import { isObject, same } from '../manifests/json';
import type { FieldSet, KubernetesObject, ManagedFields } from '../manifests/kubernetes-object';
import { stackLabel } from '../stack/stack';

/** Under this manager the number of replicas is kept for an autoscaler. */
export const handOverManager = 'berth-hand-over';

/** Who wrote fields, and how: `kubectl` is the name of several. */
export type Writer = Pick<ManagedFields, 'manager' | 'operation' | 'subresource'>;

/**
 * Managers whose fields Berth takes over: kubectl's, as it deploys from files. What `kubectl edit`, `scale` or `patch` changed was changed by a person, and is told.
 * `before-first-apply` is the server's name for the one who made an object before it kept account.
 */
export function isDeployer({ manager, operation, subresource }: Writer): boolean {
  if (subresource !== undefined) return false;
  return (
    (operation === 'Update' && ['kubectl-client-side-apply', 'kubectl-create', 'before-first-apply'].includes(manager)) ||
    (operation === 'Apply' && manager === 'kubectl')
  );
}

/** How people are told of a writer: `kubectl (scale)`, where the manager's name alone doesn't say it. */
export function writerName({ manager, subresource }: Writer): string {
  return subresource === undefined ? manager : `${manager} (${subresource})`;
}

/** What Berth owns of an object by applying it; nothing when it never did. */
export function ownFields({ metadata: { managedFields = [] } }: KubernetesObject): FieldSet | undefined {
  return managedFields.find(isOwn)?.fieldsV1;
}

/** Whether an entry of an object's account is Berth's. */
export function isOwn({ manager, operation, subresource }: ManagedFields): boolean {
  return manager === fieldManager && operation === 'Apply' && subresource === undefined;
}

/** Whether Berth owns the same fields of both. */
export function ownsTheSame(live: KubernetesObject, next: KubernetesObject): boolean {
  return same(ownFields(live), ownFields(next));
}

/** Whether kubectl deployed the object, so that its fields are to be taken over. */
export function hasDeployer({ metadata: { managedFields = [] } }: KubernetesObject): boolean {
  return managedFields.some(isDeployer);
}

/** kubectl's copy of the manifest that it applied last. */
const copyAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * What a deployer's manifest said, of all that it owns. Who makes an object by a plain request owns the server's defaults too: kubectl's copy of its
 * manifest tells them apart. `kubectl create` keeps no copy, so nothing that it made is taken for a promise.
 */
function declared(entry: ManagedFields, object: KubernetesObject): FieldSet {
  if (entry.operation === 'Apply') return entry.fieldsV1;
  const copy = copyOf(object);
  if (copy === undefined || entry.manager !== 'kubectl-client-side-apply') return {};
  return union(within(entry.fieldsV1, copy), { 'f:metadata': { 'f:annotations': { [`f:${copyAnnotation}`]: {} } } });
}

function copyOf({ metadata: { annotations = {} } }: KubernetesObject): unknown {
  try {
    return JSON.parse(annotations[copyAnnotation] ?? '');
  } catch {
    return undefined;
  }
}

/** The part of a set that a value holds. */
function within(set: FieldSet, value: unknown): FieldSet {
  return Object.fromEntries(
    Object.entries(set).flatMap(([part, inner]): [string, FieldSet][] => {
      if (part === '.') return [[part, inner]];
      const next = step(value, part);
      return next === undefined ? [] : [[part, within(inner, next.value)]];
    }),
  );
}

/**
 * What Berth owns of an object that it never applied: a field that every manifest has. The server drops an account of nothing, and at the next apply
 * gives all that is there to the one before the first.
 */
const leastOwned: FieldSet = { 'f:metadata': { 'f:labels': { [`f:${stackLabel}`]: {} } } };

/**
 * The account of an object as if Berth, not kubectl, had deployed it, so that what a manifest no longer says is removed.
 *
 * @param claims - what becomes Berth's although nobody has it
 * @returns nothing when there are no claims, and kubectl has no part in it
 */
export function takenOver(object: KubernetesObject, claims?: FieldSet): readonly ManagedFields[] | undefined {
  const { managedFields = [] } = object.metadata;
  const theirs = managedFields.filter(isDeployer);
  if (theirs.length === 0 && claims === undefined) return undefined;
  const own = managedFields.find(isOwn);
  const { apiVersion } = own ?? theirs.at(-1) ?? object;
  // sets of different versions can't be joined: what only the others own is left to nobody
  const joined = theirs
    .filter((entry) => entry.apiVersion === apiVersion)
    .reduce((set, entry) => union(set, declared(entry, object)), own?.fieldsV1 ?? leastOwned);
  const fieldsV1 = union(joined, claims ?? {});
  const entry: ManagedFields = { manager: fieldManager, operation: 'Apply', apiVersion, fieldsType: 'FieldsV1', fieldsV1, ...timeOf(theirs.at(-1) ?? own) };
  return [...managedFields.filter((other) => !isOwn(other) && !isDeployer(other)), entry];
}

function timeOf({ time }: Partial<ManagedFields> = {}): { readonly time?: string } {
  return time === undefined ? {} : { time };
}

/** What two sets have together. */
export function union(one: FieldSet, other: FieldSet): FieldSet {
  const joined: Record<string, FieldSet> = { ...one };
  for (const [path, set] of Object.entries(other)) joined[path] = union(joined[path] ?? {}, set);
  return joined;
}

/** Who else owns a field, as names of managers. @param path - such as `['f:spec', 'f:replicas']` */
export function ownersOf({ metadata: { managedFields = [] } }: KubernetesObject, path: readonly string[]): readonly ManagedFields[] {
  return managedFields.filter(({ fieldsV1 }) => {
    let set: FieldSet | undefined = fieldsV1;
    for (const part of path) set = set?.[part];
    return set !== undefined;
  });
}

/** The leaves of a set, each as its path. */
function leavesOf(set: FieldSet, path: readonly string[] = []): (readonly string[])[] {
  const parts = Object.keys(set).filter((part) => part !== '.');
  return parts.length === 0 ? [path] : parts.flatMap((part) => leavesOf(set[part]!, [...path, part]));
}

/**
 * An object without the fields that kubectl alone owns and the manifest doesn't say: what taking over removes. The server shows it in no dry run,
 * because the account changes first.
 */
export function withoutLeftBehind(live: KubernetesObject, manifest: KubernetesObject): KubernetesObject {
  const { metadata } = live;
  const entries = metadata.managedFields ?? [];
  const others = entries.filter((entry) => !isDeployer(entry) && !isOwn(entry)).map(({ fieldsV1 }) => fieldsV1);
  const copy = structuredClone(live) as unknown as Record<string, unknown>;
  for (const entry of entries.filter(isDeployer))
    for (const path of leavesOf(declared(entry, live))) {
      const unsaid = path.map((_, i) => path.slice(0, i + 1)).filter((start) => !holds(manifest, start) && !others.some((set) => isIn(set, start)));
      if (unsaid.length > 0) remove(copy, unsaid[0]!);
    }
  return copy as unknown as KubernetesObject;
}

/** Fields that neither Berth nor a deployer owns and to which a manifest gives another value, each with its manager. */
export function foreignFields(live: KubernetesObject, manifest: KubernetesObject): { readonly writer: Writer; readonly field: string }[] {
  const { managedFields = [] } = live.metadata;
  return managedFields
    .filter((entry) => !isOwn(entry) && !isDeployer(entry) && entry.subresource !== 'status')
    .flatMap((writer) =>
      leavesOf(writer.fieldsV1)
        .filter((path) => holds(manifest, path) && !same(valueAt(manifest, path), valueAt(live, path)))
        .map((path) => ({ writer, field: path.map((part) => part.slice(2)).join('.') })),
    );
}

/** Whether a manager's part of an object keeps what is at a path: who owns a field keeps all that it is in, but an element of a list is kept by its own owners. */
function isIn(set: FieldSet, path: readonly string[]): boolean {
  let at: FieldSet | undefined = set;
  for (const part of path) at = at?.[part];
  if (at === undefined || path.at(-1)!.startsWith('f:')) return at !== undefined;
  return '.' in at || Object.keys(at).length === 0;
}

/** Where one step of a path leads in a value, and how it is taken away there. */
function step(value: unknown, part: string): { readonly key: string | number; readonly value: unknown } | undefined {
  if (part.startsWith('f:')) return isObject(value) && part.slice(2) in value ? { key: part.slice(2), value: value[part.slice(2)] } : undefined;
  if (!Array.isArray(value)) return undefined;
  const wanted = part.startsWith('i:') ? undefined : (JSON.parse(part.slice(2)) as unknown);
  const index = part.startsWith('i:')
    ? Number(part.slice(2))
    : value.findIndex((element: unknown) => (part.startsWith('k:') ? isKeyed(element, wanted) : same(element, wanted)));
  return index in value ? { key: index, value: value[index] as unknown } : undefined;
}

/** Where the one element of a list is that a part of a set names; -1 where none or more than one could be meant. */
export function elementOf(list: readonly unknown[], part: string): number {
  if (!/^[kv]:/.test(part)) return -1;
  const wanted = JSON.parse(part.slice(2)) as unknown;
  const isMeant = (element: unknown) => (part.startsWith('v:') ? same(element, wanted) : isKeyed(element, wanted));
  const index = list.findIndex(isMeant);
  return index >= 0 && list.findLastIndex(isMeant) === index ? index : -1;
}

/** Whether an element has these keys. What a manifest leaves to the server's default, such as a port's protocol, is no other key. */
function isKeyed(element: unknown, keys: unknown): boolean {
  return isObject(element) && Object.entries(keys as object).every(([name, key]) => !(name in element) || same(element[name], key));
}

function holds(value: unknown, path: readonly string[]): boolean {
  return valueAt(value, path) !== undefined;
}

/** What is at a path in a value; nothing where it leads nowhere. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let at: unknown = value;
  for (const part of path) at = step(at, part)?.value;
  return at;
}

/** A value with another one at a path that leads somewhere in it. */
export function replacedAt<Value>(value: Value, [part, ...rest]: readonly string[], replace: (value: unknown) => unknown): Value {
  if (part === undefined) return replace(value) as Value;
  const { key, value: inner } = step(value, part)!;
  const next = replacedAt(inner, rest, replace);
  return (Array.isArray(value) ? value.with(key as number, next) : { ...value, [key]: next }) as Value;
}

function remove(value: unknown, path: readonly string[]): void {
  const [part, ...rest] = path;
  const next = part === undefined ? undefined : step(value, part);
  if (next === undefined) return;
  if (rest.length > 0) return remove(next.value, rest);
  if (Array.isArray(value)) value.splice(next.key as number, 1);
  else delete (value as Record<string, unknown>)[next.key];
}

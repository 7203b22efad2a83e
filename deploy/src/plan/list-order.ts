import { isObject } from '../manifests/json';
import type { FieldSet, KubernetesObject } from '../manifests/kubernetes-object';
import { elementOf, ownFields } from './managed-fields';

/**
 * An object with its lists in the manifest's order, as far as they are merged by keys or by values and the elements are Berth's: others' stay where they are.
 * The server takes an apply that differs in nothing but an order for one that changes nothing, though init containers run and variables refer to one another by it.
 */
export function inOrderOf(manifest: KubernetesObject, object: KubernetesObject): KubernetesObject {
  return ordered(ownFields(object) ?? {}, manifest, object) as KubernetesObject;
}

function ordered(set: FieldSet, manifest: unknown, value: unknown): unknown {
  if (isObject(manifest) && isObject(value)) {
    const members = Object.keys(value).filter((name) => name in manifest && `f:${name}` in set);
    return { ...value, ...Object.fromEntries(members.map((name) => [name, ordered(set[`f:${name}`]!, manifest[name], value[name])])) };
  }
  return Array.isArray(manifest) && Array.isArray(value) ? orderedList(set, manifest, value) : value;
}

function orderedList(set: FieldSet, manifest: readonly unknown[], list: readonly unknown[]): unknown {
  const own = Object.entries(set)
    .map(([part, inner]) => ({ inner, from: elementOf(manifest, part), at: elementOf(list, part) }))
    .filter(({ from, at }) => from >= 0 && at >= 0);
  const places = own.map(({ at }) => at).sort((one, other) => one - other);
  const result = [...list];
  for (const [i, { inner, from, at }] of own.sort((one, other) => one.from - other.from).entries())
    result[places[i]!] = ordered(inner, manifest[from], list[at]);
  return result;
}

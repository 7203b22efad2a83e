import type { ApiError, Cause } from '../cluster/api-error';
import { isObject, merged } from '../manifests/json';
import type { FieldSet, KubernetesObject } from '../manifests/kubernetes-object';
import { isDeployer, isOwn, replacedAt, union, valueAt } from './managed-fields';

/** Where a manifest says what some of the fields that are there leave no room for: a strategy's type beside another type's numbers. */
export interface Narrow {
  /** Such as `['f:spec', 'f:strategy']`. */
  readonly path: readonly string[];
  /** Members that are in the way, or go anyway. */
  readonly gone: readonly string[];
}

/**
 * Where the server refuses a manifest because of its own defaults. Nobody owns those, so they stay when the manifest is applied: with
 * `strategy: {type: Recreate}` the numbers of a rolling update. The server names either the field that is in the way or the one that has no room.
 */
export function narrowPlaces(live: KubernetesObject, manifest: KubernetesObject, { code, causes }: ApiError): readonly Narrow[] {
  const { managedFields = [] } = live.metadata;
  const ours = managedFields.filter((entry) => isOwn(entry) || isDeployer(entry));
  // sets of different versions can't be joined
  if (code !== 422 || ours.some(({ apiVersion }) => apiVersion !== live.apiVersion)) return [];
  const all = managedFields.reduce((set, { fieldsV1 }) => union(set, fieldsV1), {});
  const others = managedFields.filter((entry) => !ours.includes(entry)).reduce((set, { fieldsV1 }) => union(set, fieldsV1), {});
  const own = managedFields.find(isOwn)?.fieldsV1 ?? {};
  const members = causes.flatMap((cause) => {
    const steps = stepsOf(cause);
    return pathsIn(all, steps.slice(0, -1)).flatMap((path) => {
      const [there, declared] = [valueAt(live, path), valueAt(manifest, path)];
      if (!isObject(there) || !isObject(declared)) return [];
      const goes = Object.keys(there).filter((name) => !(name in declared) && setAt(others, [...path, `f:${name}`]) === undefined);
      const inTheWay = goes.filter(inTheWayOf(cause, steps.at(-1)!, there, declared));
      return inTheWay.length === 0 ? [] : goes.filter((name) => inTheWay.includes(name) || setAt(own, [...path, `f:${name}`])).map((name) => ({ path, name }));
    });
  });
  return [...Map.groupBy(members, ({ path }) => path.join('/')).values()].map((group) => ({
    path: group[0]!.path,
    gone: [...new Set(group.map(({ name }) => name))],
  }));
}

/** Which of the fields that are there a cause means: the one that it names or, where that is new and has no room, any beside it. */
function inTheWayOf({ reason }: Cause, named: string, there: object, declared: object): (name: string) => boolean {
  const hasNoRoom = reason === 'FieldValueForbidden' && named in declared && !(named in there);
  return (name) => hasNoRoom || name === named;
}

/** A cause's field as steps; elements of lists are `*`, because they are numbered in a list that was never stored. */
function stepsOf({ field = '' }: Cause): readonly string[] {
  return field.replaceAll(/\[[^\]]*\]/g, '.*').split('.');
}

function pathsIn(set: FieldSet, [step, ...rest]: readonly string[]): readonly (readonly string[])[] {
  if (step === undefined) return [[]];
  const parts = step === '*' ? Object.keys(set).filter((part) => part.startsWith('k:')) : [`f:${step}`];
  return parts.flatMap((part) => pathsIn(set[part] ?? {}, rest).map((path) => [part, ...path]));
}

function setAt(set: FieldSet, path: readonly string[]): FieldSet | undefined {
  return path.reduce<FieldSet | undefined>((at, part) => at?.[part], set);
}

/** A manifest that says of narrow places what is there: the server merges the rest of it. */
export function asThere(manifest: KubernetesObject, live: KubernetesObject, places: readonly Narrow[]): KubernetesObject {
  return places.reduce((object, { path }) => replacedAt(object, path, () => valueAt(live, path)), manifest);
}

/** An object in whose narrow places is what the manifest says, and nothing that is in the way. */
export function asSaid(object: KubernetesObject, manifest: KubernetesObject, places: readonly Narrow[]): KubernetesObject {
  return places.reduce((next, { path, gone }) => replacedAt(next, path, (there) => merged(without(there, gone), valueAt(manifest, path))), object);
}

function without(value: unknown, members: readonly string[]): unknown {
  return Object.fromEntries(Object.entries(value as object).filter(([name]) => !members.includes(name)));
}

/** What Berth has to own of an object, so that what is in the way goes when the manifest is applied. */
export function claimed(live: KubernetesObject, places: readonly Narrow[]): FieldSet {
  return places
    .flatMap(({ path, gone }) => gone.map((name) => [...path, `f:${name}`]))
    .map((path) => path.reduceRight<FieldSet>((set, part) => ({ [part]: set }), wholeSet(valueAt(live, path))))
    .reduce(union, {});
}

function wholeSet(value: unknown): FieldSet {
  return isObject(value) ? { '.': {}, ...Object.fromEntries(Object.entries(value).map(([name, member]) => [`f:${name}`, wholeSet(member)])) } : {};
}

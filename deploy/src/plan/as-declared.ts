import { isObject, same } from '../manifests/json';
import type { FieldSet, KubernetesObject } from '../manifests/kubernetes-object';
import { elementOf, isOwn } from './managed-fields';

/** Members that nobody owns. https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management */
const unownedMembers = new Set(['apiVersion', 'kind']);
const unownedMetadata = new Set(['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'generation', 'managedFields', 'resourceVersion']);

/**
 * Whether an object is as its manifest says, by its own account of who owns what: Berth owns exactly the manifest's fields, each with the manifest's
 * value. To apply it again would change nothing, so that need not be asked. `false` says only that it can't be told from here, as where the server writes a
 * value in another way (`0.1` as `100m`) or keeps it elsewhere (`stringData`).
 */
export function isAsDeclared(live: KubernetesObject, manifest: KubernetesObject): boolean {
  const { managedFields = [] } = live.metadata;
  const own = managedFields.find(isOwn);
  if (own === undefined || own.apiVersion !== manifest.apiVersion) return false;
  const others = managedFields.filter((entry) => entry !== own).map(({ fieldsV1 }) => fieldsV1);
  return agrees({ set: own.fieldsV1, manifest: ownable(manifest), live, others });
}

function ownable({ metadata, ...rest }: KubernetesObject): unknown {
  const without = (members: object, unowned: ReadonlySet<string>) => Object.fromEntries(Object.entries(members).filter(([name]) => !unowned.has(name)));
  return { ...without(rest, unownedMembers), metadata: without(metadata, unownedMetadata) };
}

/** One place in an object: what Berth owns below it, what the manifest and the live object have there, and what each other manager owns. */
interface At {
  readonly set: FieldSet;
  readonly manifest: unknown;
  readonly live: unknown;
  readonly others: readonly FieldSet[];
}

function agrees(at: At): boolean {
  const parts = partsOf(at.set);
  if (parts.length === 0) return agreesWhole(at);
  if (isObject(at.manifest)) return agreesByMember(at, parts);
  return Array.isArray(at.manifest) && agreesByElement(at, parts, at.manifest);
}

/** A value that is owned as one. Where another manager owns a part of it, it has parts, and Berth owns none of them. */
function agreesWhole({ manifest, live, others }: At): boolean {
  return manifest !== null && same(manifest, live) && others.every((set) => partsOf(set).length === 0);
}

function agreesByMember({ manifest, live, others }: At, parts: readonly (readonly [string, FieldSet])[]): boolean {
  const wanted = manifest as Record<string, unknown>;
  const names = Object.keys(wanted).filter((name) => wanted[name] !== undefined);
  if (names.length !== parts.length || !isObject(live)) return false;
  return parts.every(([part, set]) => {
    const name = part.slice(2);
    return part.startsWith('f:') && name in wanted && name in live && agrees({ set, manifest: wanted[name], live: live[name], others: within(others, part) });
  });
}

/** The elements of a list that is merged by keys or by values; they must also stand in the manifest's order. */
function agreesByElement({ live, others }: At, parts: readonly (readonly [string, FieldSet])[], wanted: readonly unknown[]): boolean {
  if (wanted.length !== parts.length || !Array.isArray(live)) return false;
  const pairs = parts.map(([part, set]) => ({ part, set, inManifest: elementOf(wanted, part), inLive: elementOf(live, part) }));
  const ordered = pairs.toSorted((one, other) => one.inManifest - other.inManifest);
  return (
    pairs.every(({ inManifest, inLive }) => inManifest >= 0 && inLive >= 0) &&
    ordered.every(({ inManifest, inLive }, i) => i === 0 || (inManifest > ordered[i - 1]!.inManifest && inLive > ordered[i - 1]!.inLive)) &&
    pairs.every(({ part, set, inManifest, inLive }) =>
      agrees({ set, manifest: wanted[inManifest], live: live[inLive] as unknown, others: within(others, part) }),
    )
  );
}

function partsOf(set: FieldSet): (readonly [string, FieldSet])[] {
  return Object.entries(set).filter(([part]) => part !== '.');
}

function within(sets: readonly FieldSet[], part: string): readonly FieldSet[] {
  return sets.flatMap((set) => set[part] ?? []);
}

import type { Discovery, Resource } from '../cluster/discovery';
import type { Location } from '../cluster/cluster';
import { faultList, UsageError } from '../exit-codes';
import { isNamedAsAccount } from '../stack/account';
import { type Stack, stackId, stackLabel } from '../stack/stack';
import { groupOf, type KubernetesObject, nameOf, type ObjectReference, referenceOf } from './kubernetes-object';
import type { Manifest } from './read-manifests';
import { repeatedFaults } from './repeated';

/** An object as it is sent to the cluster. */
export interface Prepared {
  readonly object: KubernetesObject;
  readonly reference: ObjectReference;
  readonly location: Location;
  readonly place: string;
  /** The cluster doesn't know its kind yet: a CustomResourceDefinition of the same set brings it. */
  readonly awaitsKind: boolean;
}

/**
 * Puts into each object what a manifest leaves to its surroundings: its namespace and its stack's label.
 *
 * @param namespaceFlag - what `-n` said: then all objects are in that namespace
 * @throws UsageError with every kind that the cluster doesn't serve, every namespace that doesn't fit, and every object that is there twice
 */
export async function prepare(
  manifests: readonly Manifest[],
  stack: Stack,
  discovery: Pick<Discovery, 'resourceOf'>,
  namespaceFlag: string | undefined,
): Promise<Prepared[]> {
  const defined = manifests.flatMap(({ object }) => kindsOf(object));
  const results = await Promise.all(
    manifests.map(async ({ object, place }) => {
      const served = await discovery.resourceOf(object);
      const resource = served ?? defined.find(({ apiVersion, kind }) => apiVersion === object.apiVersion && kind === object.kind);
      if (resource === undefined)
        return `${place}: the cluster serves no ${object.kind} of ${object.apiVersion}: install what defines it, or correct apiVersion and kind`;
      const fault = namespaceFault(object, resource, namespaceFlag);
      if (fault !== undefined) return `${place}: ${nameOf(referenceOf(object))} ${fault}`;
      if (isNamedAsAccount(object, stack))
        return `${place}: ${nameOf(referenceOf(object))} is called as what Berth keeps of this stack: give one of them another name`;
      return prepared(object, place, stack, resource, served === undefined);
    }),
  );
  const objects = results.filter((result) => typeof result !== 'string');
  // one that names its namespace and one that leaves it to the stack may be the same object
  const faults = [...results.filter((result) => typeof result === 'string'), ...repeatedFaults(objects)];
  if (faults.length > 0) throw new UsageError(faultList(`${faults.length} manifests can't be applied`, faults));
  return objects;
}

interface Definition {
  readonly group: string;
  readonly names: { readonly kind: string; readonly plural: string };
  readonly scope: string;
  readonly versions: readonly { readonly name: string }[];
}

/** The kinds that a CustomResourceDefinition brings; what is wrong with one the server says. */
function kindsOf({ kind, spec }: KubernetesObject): Resource[] {
  if (kind !== 'CustomResourceDefinition') return [];
  const { group, names, scope, versions } = (spec ?? {}) as Partial<Definition>;
  if (names === undefined || !Array.isArray(versions)) return [];
  return (versions as Definition['versions']).map(({ name }) => ({
    apiVersion: `${group}/${name}`,
    kind: names.kind,
    plural: names.plural,
    namespaced: scope === 'Namespaced',
  }));
}

/** What is wrong with an object's namespace, in words that go on from its name. @param flag - what `-n` said */
export function namespaceFault({ metadata: { namespace } }: KubernetesObject, { namespaced, kind }: Resource, flag: string | undefined): string | undefined {
  if (!namespaced) return namespace === undefined ? undefined : `has a namespace, and a ${kind} is of the whole cluster: leave metadata.namespace out`;
  if (flag === undefined || namespace === undefined || namespace === flag) return undefined;
  return `is in the namespace ${namespace}, and -n says ${flag}: leave one of them out, or name in the manifests of several namespaces each one's own`;
}

function prepared(object: KubernetesObject, place: string, stack: Stack, resource: Resource, awaitsKind: boolean): Prepared {
  const namespace = resource.namespaced ? (object.metadata.namespace ?? stack.namespace) : undefined;
  const labels = { ...object.metadata.labels, [stackLabel]: stackId(stack) };
  const whole = withEncodedTexts({ ...object, metadata: { ...object.metadata, ...(namespace === undefined ? {} : { namespace }), labels } });
  return { object: whole, reference: referenceOf(whole), location: { resource, namespace, name: object.metadata.name }, place, awaitsKind };
}

/** `stringData` is written and never read: two managers would own one value, and a key that goes would stay. */
function withEncodedTexts(object: KubernetesObject): KubernetesObject {
  const { stringData, data, ...rest } = object as KubernetesObject & { data?: Record<string, string>; stringData?: Record<string, string> };
  if (object.kind !== 'Secret' || groupOf(object.apiVersion) !== '' || stringData === undefined) return object;
  const encoded = Object.entries(stringData).map(([key, text]): [string, string] => [key, Buffer.from(text ?? '').toString('base64')]);
  return { ...rest, data: { ...data, ...Object.fromEntries(encoded) } };
}

import type { Resource } from '../src/cluster/discovery';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';

/** A version of a kind, as its definition says it. */
export interface Version {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
}

export const definitions: Resource = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

/** A kind that {@link definition} defines. @param version - @default v1 */
export function kindOf(kind: string, { group = 'example.dev', version = 'v1' } = {}): Resource {
  return { apiVersion: `${group}/${version}`, kind, plural: `${kind.toLowerCase()}s`, namespaced: true };
}

const anyFields = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** The definition of a kind. @param versions - @default v1 alone @param schema - of each. @default any fields */
export function definition(
  kind: string,
  {
    group = 'example.dev',
    versions = [{ name: 'v1', served: true, storage: true }],
    scope = 'Namespaced',
    schema = anyFields,
  }: { group?: string; versions?: readonly Version[]; scope?: 'Namespaced' | 'Cluster'; schema?: object } = {},
): KubernetesObject {
  const { plural } = kindOf(kind);
  const names = { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` };
  const { apiVersion } = definitions;
  const spec = { group, names, scope, versions: versions.map((version) => ({ ...version, schema: { openAPIV3Schema: schema } })) };
  return { apiVersion, kind: definitions.kind, metadata: { name: `${plural}.${group}` }, spec };
}

import { isBuiltInGroup } from '../cluster/built-in-kinds';

/** Metadata as far as Berth reads it. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/ */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly ManagedFields[];
}

/** Who an object belongs to, in its own namespace or in none. https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/ */
export interface OwnerReference {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

/** What one manager owns of an object. https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers */
export interface ManagedFields {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly time?: string;
  readonly fieldsType: 'FieldsV1';
  readonly fieldsV1: FieldSet;
  readonly subresource?: string;
}

/** A tree of owned fields: `f:name`, `k:{"name":"a"}`, `v:"a"`, `i:0` and `.` for the node itself. */
export interface FieldSet {
  readonly [path: string]: FieldSet;
}

/** An object of the API, as manifests write it and the API server answers it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec?: unknown;
  readonly status?: unknown;
  readonly [member: string]: unknown;
}

/** Which object is meant, whatever version of the API it is written in. A cluster-scoped one has no namespace. */
export interface ObjectReference {
  readonly group: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/** `apps` of `apps/v1`; empty for the core group's `v1`. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}

/** Whether a kind is not Kubernetes' own. */
export function isCustom(apiVersion: string): boolean {
  return !isBuiltInGroup(groupOf(apiVersion));
}

/** Whether a Namespace is meant. @param name - only the one that is called so */
export function isNamespace(reference: Pick<ObjectReference, 'group' | 'kind' | 'name'>, name = reference.name): boolean {
  return reference.group === '' && reference.kind === 'Namespace' && reference.name === name;
}

/** An object's reference. */
export function referenceOf({ apiVersion, kind, metadata: { namespace, name } }: KubernetesObject): ObjectReference {
  return { group: groupOf(apiVersion), kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** How people are told of an object: `Deployment/shop/user-service`. */
export function nameOf({ kind, namespace, name }: ObjectReference): string {
  return [kind, namespace, name].filter((part) => part !== undefined).join('/');
}

/** One text for one object, for maps. */
export function keyOf({ group, kind, namespace = '', name }: ObjectReference): string {
  return `${group}/${kind}/${namespace}/${name}`;
}

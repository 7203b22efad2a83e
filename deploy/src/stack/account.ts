import type { Cluster, Location } from '../cluster/cluster';
import type { Resource } from '../cluster/discovery';
import type { KubernetesObject } from '../manifests/kubernetes-object';
import { type Stack, stackLabel } from './stack';

const configMaps: Resource = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const secrets: Resource = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true };
const leases: Resource = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases', namespaced: true };

/** The name that Berth's own objects of a stack begin with: its inventory and its lock are called so. */
export function accountName({ name }: Stack): string {
  return `berth-${name}`;
}

/** Where the inventory is. */
export function inventoryLocation(stack: Stack): Location {
  return { resource: configMaps, namespace: stack.namespace, name: accountName(stack) };
}

/** Where the lock is. */
export function lockLocation(stack: Stack): Location {
  return { resource: leases, namespace: stack.namespace, name: accountName(stack) };
}

/** Where a revision is. */
export function revisionLocation(stack: Stack, revision: number): Location {
  return { resource: configMaps, namespace: stack.namespace, name: `${accountName(stack)}-revision-${revision}` };
}

/** Where the Secrets of a revision are; there is one only where the manifests hold Secrets. */
export function revisionSecretLocation(stack: Stack, revision: number): Location {
  return { ...revisionLocation(stack, revision), resource: secrets };
}

/** Whether an object is one in which Berth keeps what it knows of a stack, by how it is labelled. */
export function isOfAccount({ kind, metadata: { name, labels = {} } }: KubernetesObject): boolean {
  const isKept = labels['app.kubernetes.io/managed-by'] === 'berth' && labels[stackLabel] === undefined;
  return isKept && (kind === 'ConfigMap' || kind === 'Secret') && name.startsWith('berth-');
}

/** Whether an object is called as the stack's inventory or one of its revisions; the lock is a Lease, which nobody deploys. */
export function isNamedAsAccount({ apiVersion, kind, metadata: { name, namespace } }: KubernetesObject, stack: Stack): boolean {
  if (apiVersion !== 'v1' || (kind !== 'ConfigMap' && kind !== 'Secret') || (namespace ?? stack.namespace) !== stack.namespace) return false;
  const account = accountName(stack);
  return (kind === 'ConfigMap' && name === account) || (name.startsWith(account) && /^-revision-\d+$/.test(name.slice(account.length)));
}

/** All revisions of a stack. */
export function listRevisions(cluster: Cluster, stack: Stack) {
  return cluster.list(configMaps, stack.namespace, { labelSelector: `${revisionLabel}=${stack.name}` });
}

/** On each revision: its stack's name. */
export const revisionLabel = 'berth.dev/revision-of';

import type { Resource } from './discovery';

/**
 * Kinds that every supported Kubernetes serves, by version, with the plurals that aren't the kind and an s, and those that are in no namespace. What
 * they are called in paths never changes, so that it need not be asked. https://kubernetes.io/docs/reference/kubernetes-api/
 */
const kinds: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    v1: ['ConfigMap', 'LimitRange', 'Namespace', 'PersistentVolume', 'PersistentVolumeClaim', 'Pod', 'ResourceQuota', 'Secret', 'Service', 'ServiceAccount'],
    'apps/v1': ['DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet'],
    'autoscaling/v2': ['HorizontalPodAutoscaler'],
    'batch/v1': ['CronJob', 'Job'],
    'networking.k8s.io/v1': ['Ingress', 'NetworkPolicy'],
    'policy/v1': ['PodDisruptionBudget'],
    'rbac.authorization.k8s.io/v1': ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'],
  }),
);

const plurals: Readonly<Record<string, string>> = { Ingress: 'ingresses', NetworkPolicy: 'networkpolicies' };

const clusterWide: ReadonlySet<string> = new Set(['ClusterRole', 'ClusterRoleBinding', 'Namespace', 'PersistentVolume']);

/** A kind that every cluster has; nothing for any other. */
export function builtInResource(apiVersion: string, kind: string): Resource | undefined {
  if (!kinds.get(apiVersion)?.includes(kind)) return undefined;
  return { apiVersion, kind, plural: plurals[kind] ?? `${kind.toLowerCase()}s`, namespaced: !clusterWide.has(kind), listable: true };
}

/** All of them, for a test that asks a server. */
export const builtInKinds: readonly Resource[] = [...kinds].flatMap(([apiVersion, all]) => all.map((kind) => builtInResource(apiVersion, kind)!));

/** Groups with a dot that are Kubernetes' own. Others end in k8s.io too, such as gateway.networking.k8s.io, and come with definitions. */
const dottedGroups: ReadonlySet<string> = new Set(
  [
    ...['admissionregistration', 'apiextensions', 'apiregistration', 'authentication', 'authorization', 'certificates', 'coordination', 'discovery', 'events'],
    ...['flowcontrol.apiserver', 'internal.apiserver', 'networking', 'node', 'rbac.authorization', 'resource', 'scheduling', 'storage', 'storagemigration'],
  ].map((name) => `${name}.k8s.io`),
);

/** Whether a group is Kubernetes' own; a definition's has a dot. */
export function isBuiltInGroup(group: string): boolean {
  return !group.includes('.') || dottedGroups.has(group);
}

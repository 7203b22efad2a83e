import { isBuiltInGroup } from '../cluster/built-in-kinds';
import type { ObjectReference } from '../manifests/kubernetes-object';

/** Kinds in the order in which they are applied; what isn't named comes with the workloads. Within a stage all go side by side. */
const stages: readonly (readonly string[])[] = [
  // what the others are in, or of
  ['Namespace', 'CustomResourceDefinition', 'PriorityClass', 'StorageClass', 'IngressClass', 'RuntimeClass', 'GatewayClass'],
  // what pods are admitted by, mount and may do
  [
    'ServiceAccount',
    'Role',
    'ClusterRole',
    'RoleBinding',
    'ClusterRoleBinding',
    'ResourceQuota',
    'LimitRange',
    'NetworkPolicy',
    'PodDisruptionBudget',
    'ConfigMap',
    'Secret',
    'PersistentVolume',
    'PersistentVolumeClaim',
    'Service',
  ],
  [],
  // what points to them
  ['HorizontalPodAutoscaler', 'Ingress', 'HTTPRoute', 'ServiceMonitor', 'PodMonitor', 'PrometheusRule', 'APIService'],
  // a webhook whose pods don't run would refuse all the others
  ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'],
];

const workloadStage = 2;

/** In which stage a kind is applied, from 0. */
export function stageOf({ kind }: Pick<ObjectReference, 'kind'>): number {
  const stage = stages.findIndex((kinds) => kinds.includes(kind));
  return stage === -1 ? workloadStage : stage;
}

/** Items by stage, the first first; stages without any are left out. */
export function inStages<Item>(items: readonly Item[], referenceOf: (item: Item) => Pick<ObjectReference, 'kind'>): Item[][] {
  return stages.map((_, stage) => items.filter((item) => stageOf(referenceOf(item)) === stage)).filter((staged) => staged.length > 0);
}

/** Items by stage as they are removed: in the opposite order, but custom objects first, whose finalizers wait for something that may be among the others. */
export function inStagesOfRemoval<Item>(items: readonly Item[], referenceOf: (item: Item) => Pick<ObjectReference, 'group' | 'kind'>): Item[][] {
  const isBuiltIn = (item: Item) => isBuiltInGroup(referenceOf(item).group);
  const [custom, others] = [items.filter((item) => !isBuiltIn(item)), items.filter(isBuiltIn)];
  return [custom, others].flatMap((some) => inStages(some, referenceOf).reverse());
}

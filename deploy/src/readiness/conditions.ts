import type { KubernetesObject } from '../manifests/kubernetes-object';

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/condition/ */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/** An object's condition of a type, whatever its status. */
export function anyConditionOf({ status }: KubernetesObject, type: string): Condition | undefined {
  const { conditions } = (status ?? {}) as { conditions?: unknown };
  // a custom kind may mean anything by the word
  return Array.isArray(conditions) ? ((conditions as readonly (Condition | null)[]).find((condition) => condition?.type === type) ?? undefined) : undefined;
}

/** An object's condition of a type, where it has that status. */
export function conditionOf(object: KubernetesObject, type: string, status: Condition['status']): Condition | undefined {
  const condition = anyConditionOf(object, type);
  return condition?.status === status ? condition : undefined;
}

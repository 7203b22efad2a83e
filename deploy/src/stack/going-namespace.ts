import { Refused } from '../exit-codes';
import type { KubernetesObject } from '../manifests/kubernetes-object';
import type { Condition } from '../readiness/conditions';

/** What is applied to a namespace that is being deleted goes with it, and so does the account of a stack. @throws Refused when it is */
export function refuseGoing(namespace: KubernetesObject): void {
  const { name, deletionTimestamp, finalizers = [] } = namespace.metadata;
  if (deletionTimestamp === undefined) return;
  const { conditions = [] } = (namespace.status ?? {}) as { conditions?: readonly Condition[] };
  const words = conditions.flatMap(({ status, message }) => (status === 'True' ? (message ?? []) : []));
  const waits = [...(finalizers.length > 0 ? [`on its finalizers: ${finalizers.join(', ')}`] : []), ...words];
  const held = waits.length > 0 ? `; it waits: ${waits.join('; ')}` : '';
  throw new Refused(
    `Namespace/${name} is being deleted since ${deletionTimestamp}, with all that is in it: apply again when it is gone: kubectl wait --for=delete namespace/${name}${held}`,
  );
}

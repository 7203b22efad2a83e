import { groupOf, type KubernetesObject, type ObjectReference } from '../manifests/kubernetes-object';

/** What a HorizontalPodAutoscaler scales; nothing of any other object. */
export function scaleTargetOf({ kind, spec, metadata: { namespace } }: KubernetesObject): ObjectReference | undefined {
  const { scaleTargetRef: target } = (spec ?? {}) as { scaleTargetRef?: { apiVersion?: string; kind: string; name: string } };
  if (kind !== 'HorizontalPodAutoscaler' || target === undefined) return undefined;
  return { group: groupOf(target.apiVersion ?? ''), kind: target.kind, namespace: namespace!, name: target.name };
}

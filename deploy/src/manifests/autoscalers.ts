import { groupOf, keyOf, type KubernetesObject, type ObjectReference, referenceOf } from './kubernetes-object';

/** What a HorizontalPodAutoscaler scales; nothing of any other object. */
export function scaleTargetOf({ kind, spec, metadata: { namespace } }: KubernetesObject): ObjectReference | undefined {
  const { scaleTargetRef: target } = (spec ?? {}) as { scaleTargetRef?: { apiVersion?: string; kind: string; name: string } };
  if (kind !== 'HorizontalPodAutoscaler' || target === undefined) return undefined;
  return { group: groupOf(target.apiVersion ?? ''), kind: target.kind, name: target.name, ...(namespace === undefined ? {} : { namespace }) };
}

/** Whether one of these objects scales another. */
export function isScaledBy(objects: readonly KubernetesObject[], object: KubernetesObject): boolean {
  const key = keyOf(referenceOf(object));
  return objects.map(scaleTargetOf).some((target) => target !== undefined && keyOf(target) === key);
}

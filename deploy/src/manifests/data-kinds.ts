import type { KubernetesObject, ObjectReference } from './kubernetes-object';

/** Kinds that hold data, or with which data goes: never deleted without their own flag. */
const dataKinds: readonly Pick<ObjectReference, 'group' | 'kind'>[] = [
  { group: '', kind: 'Namespace' },
  { group: '', kind: 'PersistentVolume' },
  { group: '', kind: 'PersistentVolumeClaim' },
  { group: '', kind: 'Secret' },
  { group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition' },
  // the operator deletes its claims with it
  { group: 'postgresql.cnpg.io', kind: 'Cluster' },
];

/** Whether deleting it deletes data. @param live - what the cluster says of it */
export function holdsData(reference: ObjectReference, live?: KubernetesObject): boolean {
  return dataKinds.some(({ group, kind }) => group === reference.group && kind === reference.kind) || takesItsClaimsAlong(live);
}

/** A StatefulSet can be told to delete its claims with itself. https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#persistentvolumeclaim-retention */
function takesItsClaimsAlong(live: KubernetesObject | undefined): boolean {
  const spec = live?.spec as { persistentVolumeClaimRetentionPolicy?: { whenDeleted?: string } } | undefined;
  return live?.kind === 'StatefulSet' && spec?.persistentVolumeClaimRetentionPolicy?.whenDeleted === 'Delete';
}

/** Marks by which an object is kept, Berth's own first and then those of other tools. */
const keepMarks: readonly (readonly [annotation: string, value: string])[] = [
  ['berth.dev/keep', 'true'],
  ['helm.sh/resource-policy', 'keep'],
  ['client.lifecycle.config.k8s.io/deletion', 'detach'],
  ['cli-utils.sigs.k8s.io/on-remove', 'keep'],
];

/** The annotation that says to keep an object, as `name=value`; nothing where there is none. */
export function keepMark({ metadata: { annotations = {} } }: KubernetesObject): string | undefined {
  const mark = keepMarks.find(([annotation, value]) => annotations[annotation] === value);
  return mark && `${mark[0]}=${mark[1]}`;
}

import type { KubernetesObject, OwnerReference } from '../manifests/kubernetes-object';

/** The CronJob of which a Job is a run; nothing for any other object. */
export function cronJobOf({ kind, metadata: { ownerReferences = [] } }: KubernetesObject): OwnerReference | undefined {
  return kind === 'Job' ? ownerReferences.find((owner) => owner.kind === 'CronJob') : undefined;
}

/** The newest run of each CronJob, by the CronJob's uid: those before are history. One that is being deleted says nothing any more. */
export function newestRuns(objects: readonly KubernetesObject[]): ReadonlyMap<string, KubernetesObject> {
  const newest = new Map<string, KubernetesObject>();
  for (const object of objects) {
    const uid = cronJobOf(object)?.uid;
    if (uid === undefined || object.metadata.deletionTimestamp !== undefined) continue;
    const other = newest.get(uid);
    if (other === undefined || madeAt(object) > madeAt(other)) newest.set(uid, object);
  }
  return newest;
}

function madeAt({ metadata: { creationTimestamp = '' } }: KubernetesObject): number {
  return Date.parse(creationTimestamp);
}

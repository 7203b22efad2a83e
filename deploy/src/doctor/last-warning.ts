import type { KubernetesObject } from '../manifests/kubernetes-object';
import { podStatusOf } from './container-status';
import { eventsOf, type SceneEvent } from './events';
import type { Scene } from './scene';

/** What the cluster warned of last, and of which of these objects. What a pod has got over that runs now is no warning any more. */
export function lastWarning(scene: Scene, objects: readonly KubernetesObject[]): { readonly object: KubernetesObject; readonly event: SceneEvent } | undefined {
  return objects
    .flatMap((object) => eventsOf(scene, object).map((event) => ({ object, event })))
    .filter(({ object, event }) => event.isWarning && event.at > runsSince(object))
    .sort((one, other) => one.event.at - other.event.at)
    .at(-1);
}

/** Since when every container of a pod runs; always of what is no pod, or starts, or ends. */
function runsSince(object: KubernetesObject): number {
  const { containerStatuses = [] } = object.kind === 'Pod' ? podStatusOf(object) : {};
  const starts = containerStatuses.map(({ state }) => Date.parse(state?.running?.startedAt ?? ''));
  return starts.length === 0 || starts.some(Number.isNaN) ? -Infinity : Math.max(...starts);
}

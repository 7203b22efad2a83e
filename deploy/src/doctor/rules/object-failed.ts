import type { KubernetesObject } from '../../manifests/kubernetes-object';
import { eventsOf, eventWords, type SceneEvent } from '../events';
import { describeCommand, podsNowOf } from '../pod-findings';
import type { Scene } from '../scene';
import type { Rule } from '../verdict';

/** An object whose controller says that it failed, for any other reason. */
export const objectFailed: Rule = {
  name: 'object-failed',
  look: (scene) =>
    scene.objects.flatMap(({ object, reference, readiness }) => {
      if (object === undefined || readiness.state !== 'Failed') return [];
      const gone = lastOfGonePods(scene, object);
      return [
        {
          subject: reference,
          cause: gone === undefined ? readiness.message : `pod ${gone.name}, which is gone: ${gone.event.message}`,
          evidence: [readiness.message, ...(gone === undefined ? [] : [eventWords(gone.event)])],
          next: [describeCommand(object)],
          certainAfterMs: Infinity,
          isSymptom: gone === undefined,
        },
      ];
    }),
};

/** A Job's controller deletes a pod that is to be restarted when it gives up: what was said of the pod stays. */
function lastOfGonePods(scene: Scene, job: KubernetesObject): { readonly name: string; readonly event: SceneEvent } | undefined {
  if (job.kind !== 'Job' || podsNowOf(job, scene).length > 0) return undefined;
  return eventsOf(scene, job)
    .flatMap(({ reason, message }) => (reason === 'SuccessfulCreate' ? (/^Created pod: (\S+)$/.exec(message)?.[1] ?? []) : []))
    .flatMap((name) => eventsOf(scene, { apiVersion: 'v1', kind: 'Pod', metadata: { name } }).map((event) => ({ name, event })))
    .filter(({ event }) => event.reason === 'Failed')
    .sort((one, other) => one.event.at - other.event.at)
    .at(-1);
}

import type { KubernetesObject } from '../manifests/kubernetes-object';
import type { Scene } from './scene';

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
export interface SceneEvent {
  readonly reason: string;
  readonly message: string;
  /** Milliseconds since 1970 when it was seen last. */
  readonly at: number;
  /** How often it was seen. */
  readonly count: number;
  readonly isWarning: boolean;
}

interface RawEvent extends KubernetesObject {
  readonly involvedObject: { readonly kind?: string; readonly name?: string; readonly uid?: string; readonly fieldPath?: string };
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string } | null;
}

/** What the cluster said of an object, the newest last; of one without a uid whichever it was. @param container - only what it said of this one */
export function eventsOf({ events }: Pick<Scene, 'events'>, { kind, metadata: { name, uid } }: KubernetesObject, container?: string): readonly SceneEvent[] {
  return (events as readonly RawEvent[])
    .filter(({ involvedObject: about }) => about.kind === kind && about.name === name)
    .filter(({ involvedObject: about }) => about.uid === undefined || uid === undefined || about.uid === uid)
    .filter(({ involvedObject: { fieldPath = '' } }) => container === undefined || fieldPath.endsWith(`{${container}}`))
    .map((event) => ({
      reason: event.reason ?? '',
      message: event.message ?? '',
      at: timeOf(event),
      count: event.series?.count ?? event.count ?? 1,
      isWarning: event.type === 'Warning',
    }))
    .sort((one, other) => one.at - other.at);
}

/** The newest event of an object whose message has something. */
export function eventLike(scene: Pick<Scene, 'events'>, object: KubernetesObject, pattern: RegExp, container?: string): SceneEvent | undefined {
  return eventsOf(scene, object, container).findLast(({ message }) => pattern.test(message));
}

function timeOf({ lastTimestamp, eventTime, series, metadata }: RawEvent): number {
  return Date.parse(series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '') || 0;
}

/** An event as evidence. */
export function eventWords({ reason, message, count }: SceneEvent): string {
  return `${reason}${count > 1 ? ` (${count} times)` : ''}: ${message.trim()}`;
}

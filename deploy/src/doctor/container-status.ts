import type { KubernetesObject } from '../manifests/kubernetes-object';

/** How a run of a container ended. */
export interface Terminated {
  readonly exitCode: number;
  readonly reason?: string;
  readonly message?: string | null;
  readonly startedAt?: string | null;
  readonly finishedAt?: string | null;
}

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#ContainerStatus */
export interface ContainerStatus {
  readonly name: string;
  readonly image?: string;
  readonly ready?: boolean;
  /** Whether its startup probe has passed, where it has one. */
  readonly started?: boolean;
  readonly restartCount?: number;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly running?: { readonly startedAt?: string };
    readonly terminated?: Terminated;
  };
  readonly lastState?: { readonly terminated?: Terminated };
}

interface PodStatus {
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly podIP?: string;
  readonly initContainerStatuses?: readonly ContainerStatus[];
  readonly containerStatuses?: readonly ContainerStatus[];
}

/** A pod's status. */
export function podStatusOf({ status }: KubernetesObject): PodStatus {
  return status ?? {};
}

/** All containers of a pod as they stand, those that run first before the others. */
export function statusesOf(pod: KubernetesObject): readonly ContainerStatus[] {
  const { initContainerStatuses = [], containerStatuses = [] } = podStatusOf(pod);
  return [...initContainerStatuses, ...containerStatuses];
}

/** A container that ended is started again after 10, 20, 40 s: whoever ran for ten minutes since has come through. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy */
const recentMs = 10 * 60_000;

/** Restarts after which a container that runs just now is taken for one that crashes. */
const manyRestarts = 2;

/** The bad end of a container's last run, where it isn't over and done with: it waits for the next, or has crashed more than once just now. */
export interface Ending extends Terminated {
  /** Whether the run that ended is the one before the present one. */
  readonly isPrevious: boolean;
  /** Runs that ended, this one among them. */
  readonly times: number;
}

/** How a container ended; nothing when it runs well. @param now - by the server's clock; 0 where nobody knows */
export function endingOf({ state, lastState, ready, restartCount = 0 }: ContainerStatus, now = 0): Ending | undefined {
  const present = state?.terminated;
  if (present !== undefined) return { ...present, isPrevious: false, times: restartCount + 1 };
  const last = lastState?.terminated;
  if (last === undefined) return undefined;
  const isWaiting = state?.waiting?.reason === 'CrashLoopBackOff';
  const isRecent = now > 0 && now - Date.parse(last.finishedAt ?? '') < recentMs && restartCount >= manyRestarts;
  if (!isWaiting && ready === true && !isRecent) return undefined;
  // between two runs the one that is waited for is not counted
  return { ...last, isPrevious: true, times: isWaiting ? restartCount + 1 : restartCount };
}

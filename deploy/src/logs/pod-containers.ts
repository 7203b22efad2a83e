import type { ContainerStanding } from './follow-container';
import type { KubernetesObject } from '../manifests/kubernetes-object';

/** A container of a pod, and what its pod says of it. */
export interface PodContainer {
  readonly name: string;
  readonly standing: ContainerStanding;
  /** When the run before its present one ended, by ISO 8601 to the second; nothing where there was none. */
  readonly runBeforeEndedAt?: string;
  /** Whether the node has a run that it calls the previous one; between two runs that is the last. */
  readonly hasPrevious: boolean;
}

interface RunState {
  readonly containerID?: string;
  readonly finishedAt?: string;
}

interface ContainerStatus {
  readonly name: string;
  readonly containerID?: string;
  readonly state?: { readonly running?: { readonly startedAt?: string }; readonly terminated?: RunState };
  readonly lastState?: { readonly terminated?: RunState };
}

/** A pod's containers, those first that run before the others. */
export function containersOf(pod: KubernetesObject): readonly PodContainer[] {
  const spec = pod.spec as Readonly<Record<string, readonly { readonly name: string }[] | undefined>>;
  const status = (pod.status ?? {}) as Readonly<Record<string, readonly ContainerStatus[] | undefined>>;
  return ['init', '', 'ephemeral'].flatMap((sort) => {
    const containers = spec[sort === '' ? 'containers' : `${sort}Containers`] ?? [];
    const statuses = status[sort === '' ? 'containerStatuses' : `${sort}ContainerStatuses`] ?? [];
    return containers.map(({ name }) =>
      withStanding(
        name,
        statuses.find((candidate) => candidate.name === name),
      ),
    );
  });
}

function withStanding(name: string, status: ContainerStatus | undefined): PodContainer {
  const { state = {}, lastState = {}, containerID } = status ?? {};
  const last = lastState.terminated;
  const known = { name, hasPrevious: Boolean(last?.containerID) };
  const before = last?.finishedAt === undefined ? {} : { runBeforeEndedAt: last.finishedAt };
  const running = state.running && (containerID || state.running.startedAt);
  if (running) return { ...known, standing: { id: running, hasEnded: false }, ...before };
  const ended = state.terminated?.containerID;
  if (ended) return { ...known, standing: { id: ended, hasEnded: true }, ...(ended === last?.containerID ? {} : before) };
  // between two runs the last one is what the node answers with
  return { ...known, standing: last?.containerID ? { id: last.containerID, hasEnded: true } : 'waiting' };
}

import type { KubernetesObject } from '../manifests/kubernetes-object';
import { waitsForVolumes, type Warning } from './pods';

/** Why a pod is not ready, as its containers say it. */
export interface PodProblem {
  /** In a sentence's part, such as `container app crashes: exit code 1`. */
  readonly reason: string;
  /** Milliseconds for which it has to be seen until it is certain not to go away by itself. `Infinity`: never certain. */
  readonly certainAfterMs: number;
  /** Whose log tells more: of a container that runs or ran, and of its last run where it has ended. */
  readonly log?: { readonly container: string; readonly previous: boolean };
}

interface ContainerStatus {
  readonly name: string;
  readonly image?: string;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string }; readonly terminated?: Terminated };
  readonly lastState?: { readonly terminated?: Terminated };
}

interface Terminated {
  readonly exitCode: number;
  readonly reason?: string;
  readonly signal?: number;
  readonly message?: string;
}

/** A Secret or a ConfigMap may yet be made by an operator; a node's cache is behind for a while. */
const otherObjectsMs = 30_000;

/** Runs that ended badly before the next one is taken for as bad: two restarts, 10 and 20 s apart, let a container wait for what it needs. */
const certainRestarts = 2;

/** A certificate that a volume waits for may take its authority a minute or two. */
const otherVolumesMs = 120_000;

/** Why a pod is not ready; nothing when neither its containers have anything to say nor a warning about its volumes. */
export function podProblem(pod: KubernetesObject, warnings: readonly Warning[] = []): PodProblem | undefined {
  const { status, metadata } = pod;
  const {
    phase,
    reason,
    message,
    initContainerStatuses = [],
    containerStatuses = [],
  } = (status ?? {}) as {
    phase?: string;
    reason?: string;
    message?: string;
    initContainerStatuses?: readonly ContainerStatus[];
    containerStatuses?: readonly ContainerStatus[];
  };
  if (metadata.deletionTimestamp !== undefined) return undefined;
  for (const container of [...initContainerStatuses, ...containerStatuses]) {
    const problem = containerProblem(container);
    if (problem !== undefined) return problem;
  }
  // evicted pods are made anew
  if (phase === 'Failed') return { reason: [reason ?? 'it failed', message].filter(Boolean).join(': '), certainAfterMs: reason === 'Evicted' ? Infinity : 0 };
  return unscheduled(status) ?? unmounted(pod, warnings);
}

/** Until its volumes are mounted a pod says nothing, and the kubelet tries for ever. */
function unmounted(pod: KubernetesObject, warnings: readonly Warning[]): PodProblem | undefined {
  if (!waitsForVolumes(pod)) return undefined;
  const { message } = warnings.findLast(({ kind, name, reason }) => kind === 'Pod' && name === pod.metadata.name && reason === 'FailedMount') ?? {};
  if (message === undefined) return undefined;
  const [, volume, fault] = /volume "([^"]+)" ?: (.*)$/s.exec(message) ?? [];
  return {
    reason: volume === undefined ? message : `its volume ${volume} can't be mounted: ${fault}`,
    certainAfterMs: /(secret|configmap) "[^"]*" not found|references non-existent/.test(message) ? otherVolumesMs : Infinity,
  };
}

function unscheduled(status: unknown): PodProblem | undefined {
  const { conditions = [] } = status as { conditions?: readonly { type: string; status: string; message?: string }[] };
  const scheduled = conditions.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status !== 'False') return undefined;
  // a node may be added, or freed
  return { reason: `no node takes it: ${scheduled.message ?? 'the scheduler says no reason'}`, certainAfterMs: Infinity };
}

function containerProblem(container: ContainerStatus): PodProblem | undefined {
  const { name, image, restartCount = 0, state, lastState } = container;
  const { reason = '', message = '' } = state?.waiting ?? {};
  switch (reason) {
    case 'CrashLoopBackOff':
      return {
        reason: `container ${name} ${ending(lastState?.terminated)}, ${restartCount + 1} times`,
        certainAfterMs: restartCount >= certainRestarts ? 0 : Infinity,
        log: { container: name, previous: true },
      };
    case 'ErrImagePull':
    case 'ImagePullBackOff':
      return { reason: `the image ${image} can't be pulled: ${pullFault(message)}`, certainAfterMs: isMissingImage(message) ? 0 : Infinity };
    case 'InvalidImageName':
      return { reason: `"${image}" is no name of an image`, certainAfterMs: 0 };
    case 'ErrImageNeverPull':
      return { reason: `the image ${image} is not on the node, and its imagePullPolicy is Never`, certainAfterMs: 0 };
    case 'CreateContainerConfigError':
      return { reason: `container ${name} can't be configured: ${message}`, certainAfterMs: /failed to sync/.test(message) ? Infinity : otherObjectsMs };
    case 'CreateContainerError':
    case 'RunContainerError':
    case 'ContainerCannotRun':
    case 'StartError':
      return { reason: `container ${name} can't be started: ${message || ending(lastState?.terminated)}`, certainAfterMs: otherObjectsMs };
    default:
      return endedBadly(container);
  }
}

/** Between two runs, and where nothing runs it again. */
function endedBadly({ name, state, lastState, restartCount = 0, ready }: ContainerStatus): PodProblem | undefined {
  const terminated = state?.terminated ?? (ready ? undefined : lastState?.terminated);
  if (terminated === undefined || terminated.exitCode === 0) return undefined;
  const isLast = state?.terminated !== undefined;
  return {
    reason: `container ${name} ${ending(terminated)}${restartCount > 0 ? `, ${restartCount + (isLast ? 1 : 0)} times` : ''}`,
    certainAfterMs: Infinity,
    log: { container: name, previous: !isLast },
  };
}

/** Exit codes above 128 are signals: https://tldp.org/LDP/abs/html/exitcodes.html */
function ending(terminated: Terminated | undefined): string {
  if (terminated === undefined) return 'crashes';
  const { exitCode, reason, message } = terminated;
  if (reason === 'OOMKilled') return 'is killed for taking more memory than its limit (OOMKilled)';
  if (reason === 'StartError' || reason === 'ContainerCannotRun') return `can't be started: ${message ?? `exit code ${exitCode}`}`;
  return exitCode === 137 ? 'is killed (exit code 137): by its liveness or startup probe, or for its memory' : `ends with exit code ${exitCode}`;
}

/** A registry that says "not found" or "not yours" says the same tomorrow; one that can't be reached may come back. */
function isMissingImage(message: string): boolean {
  return (
    /not found|manifest unknown|does not exist|no such image|unauthorized|denied|401|403/i.test(message) &&
    !/no such host|i\/o timeout|connection refused/i.test(message)
  );
}

/** The last cause of a chain, without what the runtime puts before it. */
function pullFault(message: string): string {
  const cause = message
    .replace(/^Back-off pulling image "[^"]*"(: ErrImagePull: )?/, '')
    .replace(/^.*failed to (?:pull and unpack|resolve) (?:image|reference) "[^"]*": (?:failed to resolve reference "[^"]*": )?/s, '');
  return cause.trim() || 'its registry does not have it, or is not reached';
}

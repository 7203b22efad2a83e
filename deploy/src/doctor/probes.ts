import { eventsOf, eventWords, type SceneEvent } from './events';
import { type ContainerView, perContainer, type PodFinding } from './pod-findings';
import { portNumber, type Probe } from '../manifests/pod-spec';
import type { Scene } from './scene';
import type { Finding } from './verdict';

/** The kinds of probes, in the kubelet's words. */
export type ProbeKind = 'Readiness' | 'Liveness' | 'Startup';

/** A probe that fails. */
export interface Failing extends ContainerView {
  readonly kind: ProbeKind;
  readonly probe: Probe;
  /** What it asks, as `/ready` or `port 8000`. */
  readonly path?: string;
  /** Its number; nothing when the container has no port of the probe's name. */
  readonly port?: number;
  readonly event: SceneEvent;
}

/** An event is told again each few minutes at most while a probe goes on failing: an older one is over. Milliseconds. */
const recentMs = 6 * 60_000;

const members = { Readiness: 'readinessProbe', Liveness: 'livenessProbe', Startup: 'startupProbe' } as const;

/** What is wrong with probes of containers that run and are not ready. */
export function perFailingProbe(scene: Scene, find: (failing: Failing) => PodFinding | undefined): readonly Finding[] {
  return perContainer(scene, (view) => {
    const { status, spec, pod } = view;
    if (status.ready === true) return undefined;
    const since = Date.parse(status.state?.running?.startedAt ?? status.lastState?.terminated?.startedAt ?? '') || 0;
    for (const kind of ['Startup', 'Readiness', 'Liveness'] as const) {
      const probe = spec[members[kind]];
      const event = eventsOf(scene, pod, status.name).findLast(({ reason, message }) => reason === 'Unhealthy' && message.startsWith(`${kind} probe`));
      if (probe === undefined || event === undefined || event.at < since || scene.now - event.at > recentMs) continue;
      const { httpGet, tcpSocket } = probe;
      const named = httpGet?.port ?? tcpSocket?.port;
      const port = named === undefined ? undefined : portNumber(spec, named);
      const found = find({ ...view, kind, probe, event, ...(httpGet && { path: httpGet.path ?? '/' }), ...(port === undefined ? {} : { port }) });
      if (found !== undefined) return found;
    }
    return undefined;
  });
}

/** What a probe got, as evidence. */
export function probeWords({ event }: Failing): string {
  return eventWords(event);
}

/** Seconds that a probe lets pass before it gives up. */
export function patienceOf({ initialDelaySeconds = 0, periodSeconds = 10, failureThreshold = 3 }: Probe): number {
  return initialDelaySeconds + periodSeconds * failureThreshold;
}

/** A kill by a probe, with the probe's last words before it. */
export interface Killed extends ContainerView {
  readonly probe: Probe;
  readonly killing: SceneEvent;
  readonly failing?: SceneEvent;
  readonly certainAfterMs: number;
}

/** What is wrong with containers that a probe has killed more than once, and just now. */
export function perKill(scene: Scene, kind: 'Liveness' | 'Startup', find: (killed: Killed) => PodFinding): readonly Finding[] {
  return perContainer(scene, (view) => {
    const { status, spec, pod } = view;
    const events = eventsOf(scene, pod, status.name);
    const killing = events.findLast(({ reason, message }) => reason === 'Killing' && message.includes(`failed ${kind.toLowerCase()} probe`));
    const probe = spec[members[kind]];
    if (killing === undefined || probe === undefined || !isOfLastRun(view, killing, scene)) return undefined;
    const failing = events.findLast(({ reason, message }) => reason === 'Unhealthy' && message.startsWith(`${kind} probe`));
    const restarts = status.restartCount ?? 0;
    if (status.ready === true && restarts < 2) return undefined;
    return find({ ...view, probe, killing, ...(failing && { failing }), certainAfterMs: restarts >= 3 ? 0 : Infinity });
  });
}

/** Between two runs it may be long ago: then it counts where it ended the last one. */
function isOfLastRun({ status }: ContainerView, { at }: SceneEvent, { now }: Scene): boolean {
  const finishedAt = Date.parse(status.lastState?.terminated?.finishedAt ?? '');
  return now - at < recentMs || (status.state?.waiting?.reason === 'CrashLoopBackOff' && finishedAt - at < graceMs);
}

/** The longest grace period that is usual between the kill and the end. Milliseconds. */
const graceMs = 90_000;

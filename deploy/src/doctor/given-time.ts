import type { KubernetesObject } from '../manifests/kubernetes-object';
import { type Container, containersOf, podSpecOf } from '../manifests/pod-spec';
import { type ContainerStatus, statusesOf } from './container-status';
import { eventsOf } from './events';
import { patienceOf } from './probes';
import { logKey, type Scene } from './scene';

/** A hook has no limit of its own: it gets as long as a Deployment's progress does by default. Milliseconds. */
const hookMs = 10 * 60_000;

/** Words of who waits for something, or tries again: however often they are said, nothing gets on. */
const waits =
  /wait|retry|retries|trying|attempt|sleep|can(?:'|no)t|could not|not ready|unavailable|refused|time(?:d )?out|unreachable|no such|ENOTFOUND|EAI_AGAIN|error|fail/i;

/** Until when a pod's own manifest gives its containers time to start, in milliseconds since 1970; nothing that is given is long over. */
export function givenUntil(pod: KubernetesObject, scene: Scene): number {
  const specs = containersOf(podSpecOf(pod));
  const ends = statusesOf(pod).flatMap((status) => {
    const spec = specs.find(({ name }) => name === status.name);
    return spec === undefined || status.ready === true ? [] : [probesEnd(status, spec), hookEnd(pod, status, spec, scene), lastProgress(pod, status, scene)];
  });
  return Math.max(-Infinity, ...ends.filter((end) => !Number.isNaN(end)));
}

/** The end of what its probes let pass after its start: all of the startup probe's failures, and the delay of the first look whether it is ready. */
function probesEnd({ state, started }: ContainerStatus, { startupProbe, readinessProbe }: Container): number {
  const startSeconds = startupProbe === undefined || started === true ? 0 : patienceOf(startupProbe);
  const seconds = Math.max(startSeconds, readinessProbe?.initialDelaySeconds ?? 0);
  return seconds === 0 ? NaN : Date.parse(state?.running?.startedAt ?? '') + seconds * 1_000;
}

/** Until its hook has ended, the kubelet says only in an event that the container runs. */
function hookEnd(pod: KubernetesObject, { name, state }: ContainerStatus, { lifecycle }: Container, scene: Scene): number {
  if (lifecycle?.postStart === undefined || state?.waiting === undefined) return NaN;
  return (eventsOf(scene, pod, name).findLast(({ reason }) => reason === 'Started')?.at ?? NaN) + hookMs;
}

/** When a container last said something that it had not said before, and that isn't a wait. Others than init containers have probes to tell. */
function lastProgress(pod: KubernetesObject, { name }: ContainerStatus, scene: Scene): number {
  const key = logKey(pod, name, false);
  const lines = (scene.logs.get(key) ?? '').trimEnd().split('\n');
  const line = lines.at(-1)!;
  const isInit = podSpecOf(pod).initContainers?.some((each) => each.name === name && each.restartPolicy !== 'Always') === true;
  return isInit && lines.indexOf(line) === lines.length - 1 && !waits.test(line) ? (scene.lastSaid.get(key) ?? NaN) : NaN;
}

import { perContainer, perPod, type PodFinding, waitingOf } from './pod-findings';
import { eventLike, eventWords } from './events';
import { podSpecOf } from '../manifests/pod-spec';
import type { KubernetesObject } from '../manifests/kubernetes-object';
import type { Scene } from './scene';
import type { Finding } from './verdict';

/** A Secret or a ConfigMap may yet be made by an operator. Milliseconds. */
export const otherObjectsMs = 30_000;

/** What a volume waits for may be a certificate, which its authority takes a minute or two for. Milliseconds. */
export const otherVolumesMs = 120_000;

/**
 * Pods that name something that isn't there, by the words of the kubelet: of a container that can't be configured, or of a volume that can't be mounted.
 *
 * @param find - gets the pattern's match and what was said
 */
export function perReference(
  scene: Scene,
  pattern: RegExp,
  find: (match: RegExpExecArray, words: string, pod: KubernetesObject) => PodFinding,
): readonly Finding[] {
  const byContainer = perContainer(scene, (view) => {
    const { reason, message } = waitingOf(view);
    const match = reason === 'CreateContainerConfigError' ? pattern.exec(message) : null;
    if (match === null) return undefined;
    const found = find(match, `${reason}: ${message}`, view.pod);
    return { ...found, cause: `container ${view.status.name} can't be configured: ${message}: ${found.cause}` };
  });
  const byVolume = perPod(scene, (pod) => {
    if ((pod.status as { phase?: string } | undefined)?.phase !== 'Pending') return undefined;
    const event = eventLike(scene, pod, /^MountVolume\.SetUp failed/);
    const match = event && pattern.exec(event.message);
    return event && match ? { ...find(match, eventWords(event), pod), certainAfterMs: otherVolumesMs } : undefined;
  });
  const seen = new Set(byContainer.map(({ subject }) => subject.name));
  return [...byContainer, ...byVolume.filter(({ subject }) => !seen.has(subject.name))];
}

/**
 * Pods whose volume takes a key that its Secret or ConfigMap doesn't have, by the words of the kubelet.
 *
 * @param find - gets the names of the volume's own that may be meant, of a projected one those of which it takes such a key
 */
export function perMountedKey(
  scene: Scene,
  kind: 'secret' | 'configMap',
  find: (key: string, names: readonly string[], words: string, pod: KubernetesObject) => Omit<PodFinding, 'certainAfterMs'> | undefined,
): readonly Finding[] {
  const pattern = kind === 'secret' ? /references non-existent secret key: ([-.\w]+)/ : /references non-existent config key: ([-.\w]+)/;
  return perPod(scene, (pod) => {
    if ((pod.status as { phase?: string } | undefined)?.phase !== 'Pending') return undefined;
    const event = eventLike(scene, pod, pattern);
    const [, key] = pattern.exec(event?.message ?? '') ?? [];
    const [, volume] = /volume "([^"]+)"/.exec(event?.message ?? '') ?? [];
    if (event === undefined || key === undefined) return undefined;
    const names = namesIn(pod, volume, kind, key);
    const found = names.length === 0 ? undefined : find(key, names, eventWords(event), pod);
    return found && { ...found, certainAfterMs: otherVolumesMs };
  });
}

function namesIn(pod: KubernetesObject, name: string | undefined, kind: 'secret' | 'configMap', key: string): readonly string[] {
  const { secret, configMap, projected } = podSpecOf(pod).volumes?.find((volume) => volume.name === name) ?? { name };
  const takers = (projected?.sources ?? []).map((source) => source[kind]).filter((source) => source?.items?.some((item) => item.key === key));
  return [kind === 'secret' ? secret?.secretName : configMap?.name, ...takers.map((source) => source?.name)].filter((each) => each !== undefined);
}

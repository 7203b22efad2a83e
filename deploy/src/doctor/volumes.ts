import { type KubernetesObject, referenceOf } from '../manifests/kubernetes-object';
import { eventsOf, eventWords } from './events';
import { bytesText, quantity } from './quantity';
import { isSeen, type Scene } from './scene';
import type { Finding } from './verdict';

/** A claim that waits for a volume, as its spec has it. */
export interface WaitingClaim {
  readonly claim: KubernetesObject;
  /** Nothing when it names none and the cluster has no default. */
  readonly className?: string;
  readonly bytes: number;
  readonly modes: readonly string[];
  /** What the cluster says of it, and of pods that wait for it. */
  readonly words: readonly string[];
  /** Free volumes of its class; nothing when nobody may read volumes, or a provisioner makes them. */
  readonly free?: readonly { readonly name: string; readonly bytes: number; readonly modes: readonly string[] }[];
}

interface ClaimSpec {
  readonly storageClassName?: string;
  readonly accessModes?: readonly string[];
  readonly resources?: { readonly requests?: { readonly storage?: string } };
}
interface VolumeSpec {
  readonly storageClassName?: string;
  readonly accessModes?: readonly string[];
  readonly capacity?: { readonly storage?: string };
  readonly claimRef?: unknown;
}

/** What is wrong with claims that wait. One that waits for its first pod, which nobody made or no node took for another reason, waits rightly. */
export function perWaitingClaim(scene: Scene, find: (waiting: WaitingClaim) => Omit<Finding, 'subject' | 'evidence'> | undefined): readonly Finding[] {
  return ownClaims(scene).flatMap((claim) => {
    const waiting = waitingClaim(scene, claim);
    const finding = waiting && find(waiting);
    return finding === undefined ? [] : [{ ...finding, subject: referenceOf(claim), evidence: waiting!.words }];
  });
}

/** Those of the stack, and those that its pods mount, such as a StatefulSet's. */
function ownClaims({ claims, objects, pods }: Scene): readonly KubernetesObject[] {
  const owners = new Set(objects.map(({ reference: { name } }) => name));
  const mounted = new Set(
    pods.flatMap(({ spec }) =>
      ((spec as { volumes?: readonly { persistentVolumeClaim?: { claimName: string } }[] }).volumes ?? []).flatMap(
        (volume) => volume.persistentVolumeClaim?.claimName ?? [],
      ),
    ),
  );
  return claims.filter(
    ({ metadata: { name, deletionTimestamp }, status }) =>
      deletionTimestamp === undefined &&
      (status as { phase?: string })?.phase === 'Pending' &&
      (owners.has(name) || (mounted.has(name) && [...owners].some((owner) => name.includes(owner)))),
  );
}

/** Those that a StatefulSet made by its templates. https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-storage */
export function madeClaims({ kind, spec, metadata: { name, namespace } }: KubernetesObject, { claims }: Scene): readonly KubernetesObject[] {
  const { volumeClaimTemplates: templates = [] } = (spec ?? {}) as { volumeClaimTemplates?: readonly { metadata: { name: string } }[] };
  if (kind !== 'StatefulSet' || templates.length === 0) return [];
  const beginnings = templates.map(({ metadata }) => `${metadata.name}-${name}-`);
  const isMade = (claim: string) => beginnings.some((beginning) => claim.startsWith(beginning) && /^\d+$/.test(claim.slice(beginning.length)));
  return claims.filter(({ metadata }) => metadata.namespace === namespace && isMade(metadata.name));
}

function waitingClaim(scene: Scene, claim: KubernetesObject): WaitingClaim | undefined {
  const { storageClassName, accessModes = [], resources } = (claim.spec ?? {}) as ClaimSpec;
  const className = storageClassName || defaultClass(scene);
  const words = [
    ...eventsOf(scene, claim).filter(({ reason }) => /Failed/.test(reason)),
    ...podsOf(scene, claim).flatMap((pod) => eventsOf(scene, pod).filter(({ reason, message }) => reason === 'FailedScheduling' && /volume/i.test(message))),
  ].map((event) => eventWords(event).replace(/ (?:no new claims to deallocate, )?preemption: .*$/s, ''));
  if (words.length === 0) return undefined;
  const free = className === undefined ? undefined : freeVolumes(scene, className);
  const bytes = quantity(resources?.requests?.storage);
  return { claim, ...(className === undefined ? {} : { className }), bytes, modes: accessModes, words: [...new Set(words)], ...(free && { free }) };
}

function podsOf({ pods }: Scene, { metadata: { name, namespace } }: KubernetesObject): readonly KubernetesObject[] {
  return pods.filter(
    ({ spec, metadata }) =>
      metadata.namespace === namespace &&
      ((spec as { volumes?: readonly { persistentVolumeClaim?: { claimName: string } }[] }).volumes ?? []).some(
        (volume) => volume.persistentVolumeClaim?.claimName === name,
      ),
  );
}

function defaultClass({ storageClasses }: Scene): string | undefined {
  return storageClasses.find(({ metadata }) => metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true')?.metadata.name;
}

/** Volumes that somebody made beforehand. */
function freeVolumes(scene: Scene, className: string): WaitingClaim['free'] {
  const { provisioner } = (scene.storageClasses.find(({ metadata }) => metadata.name === className) ?? {}) as { provisioner?: string };
  if (!isSeen(scene, 'persistentvolumes') || (provisioner !== undefined && provisioner !== 'kubernetes.io/no-provisioner')) return undefined;
  return scene.volumes
    .filter(({ spec, status }) => (spec as VolumeSpec).storageClassName === className && (status as { phase?: string }).phase === 'Available')
    .map(({ metadata: { name }, spec }) => {
      const { capacity, accessModes = [] } = spec as VolumeSpec;
      return { name, bytes: quantity(capacity?.storage), modes: accessModes };
    });
}

/** What a claim asks for, in words. */
export function askedText({ bytes, modes }: WaitingClaim): string {
  return `${bytesText(bytes)}, ${modes.join(' and ')}`;
}

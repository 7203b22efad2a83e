import type { KubernetesObject } from '../manifests/kubernetes-object';
import { type ContainerView, perContainer, type PodFinding, waitingOf } from './pod-findings';
import type { Scene } from './scene';
import type { Finding } from './verdict';

/** How a pull failed: the registry has no such image, lets nobody take it, or was not asked. */
export type PullFault = 'missing' | 'denied' | 'unreachable';

/** A container whose image can't be pulled. */
export interface Pull extends ContainerView {
  readonly image: string;
  readonly fault: PullFault;
  /** The last cause of the runtime's chain of them. */
  readonly words: string;
}

/** What is wrong with images that are pulled in vain, for one kind of fault. */
export function perPull(scene: Scene, fault: PullFault, find: (pull: Pull) => PodFinding | undefined): readonly Finding[] {
  return perContainer(scene, (view) => {
    const { reason, message } = waitingOf(view);
    if (reason !== 'ErrImagePull' && reason !== 'ImagePullBackOff') return undefined;
    const pull: Pull = { ...view, image: view.spec.image ?? view.status.image ?? '', fault: faultOf(message), words: lastCause(message) };
    return pull.fault === fault ? find(pull) : undefined;
  });
}

/** A registry that says "not found" or "not yours" says the same tomorrow; one that can't be reached may come back. */
function faultOf(message: string): PullFault {
  if (/no such host|i\/o timeout|connection refused|TLS handshake|EOF$/i.test(message)) return 'unreachable';
  if (/unauthorized|denied|authorization failed|\b401\b|\b403\b/i.test(message)) return 'denied';
  return /not found|manifest unknown|does not exist|no such image/i.test(message) ? 'missing' : 'unreachable';
}

/** Without what the runtime puts before it. */
function lastCause(message: string): string {
  const cause = message
    .replace(/^Back-off pulling image "[^"]*"(: ErrImagePull: )?/, '')
    .replace(/^.*failed to (?:pull and unpack|resolve) (?:image|reference) "[^"]*": (?:failed to resolve reference "[^"]*": )?/s, '');
  return cause.trim() || 'its registry does not have it, or is not reached';
}

/** The parts of a reference: https://github.com/distribution/reference/blob/main/reference.go */
export function partsOf(image: string): { readonly registry: string; readonly repository: string; readonly tag: string } {
  const [named = ''] = image.split('@');
  const colon = named.lastIndexOf(':');
  const hasTag = colon > named.lastIndexOf('/');
  const repository = hasTag ? named.slice(0, colon) : named;
  const first = repository.split('/')[0]!;
  const isRegistry = repository.includes('/') && (/[.:]/.test(first) || first === 'localhost');
  return { registry: isRegistry ? first : 'docker.io', repository, tag: hasTag ? named.slice(colon + 1) : 'latest' };
}

/** Images of the same repository that a node has, or that pods run: then only the tag can be wrong. */
export function otherTags(scene: Scene, image: string): readonly string[] {
  const { repository } = partsOf(image);
  const onNodes = scene.nodes
    .flatMap(({ status }) => ((status ?? {}) as { images?: { names?: string[] | null }[] }).images ?? [])
    .flatMap(({ names }) => names ?? []);
  const known = [...onNodes, ...scene.pods.flatMap(ranImages)].map((name) => name.replace(/^docker\.io\/(library\/)?/, ''));
  const wanted = repository.replace(/^docker\.io\/(library\/)?/, '');
  return [...new Set(known)].filter((name) => !name.includes('@') && partsOf(name).repository === wanted && name !== image).sort();
}

function ranImages({ status }: KubernetesObject): string[] {
  const { containerStatuses = [] } = (status ?? {}) as { containerStatuses?: { image?: string; ready?: boolean }[] };
  return containerStatuses.flatMap(({ image, ready }) => (ready && image !== undefined ? [image] : []));
}

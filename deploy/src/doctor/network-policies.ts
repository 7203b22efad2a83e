import { BlockList, isIPv6 } from 'node:net';
import type { KubernetesObject } from '../manifests/kubernetes-object';
import { containersOf, podSpecOf, portNumber } from '../manifests/pod-spec';
import { type LabelSelector, selects } from '../manifests/selectors';

/** https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/ */
interface PolicySpec {
  readonly podSelector?: LabelSelector;
  readonly policyTypes?: readonly string[];
  readonly ingress?: readonly PolicyRule[];
  readonly egress?: readonly PolicyRule[];
}
interface PolicyRule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly port?: string | number; readonly endPort?: number; readonly protocol?: string }[];
}
interface Peer {
  readonly podSelector?: LabelSelector;
  readonly namespaceSelector?: LabelSelector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

/** Which policies keep one pod from another, and on which side. */
export interface Blocked {
  readonly side: 'egress' | 'ingress';
  /** Those that select the pod on that side: none of them lets it through. */
  readonly policies: readonly string[];
}

/**
 * What keeps a pod from connecting to another's port by TCP; nothing when nothing does. The sender's policies must let it out, and the receiver's let
 * it in; a pod that no policy of a direction selects is free in it. https://kubernetes.io/docs/concepts/services-networking/network-policies/
 *
 * Both pods are in namespaces whose policies were read; of a namespace only its name is known.
 */
export function blockedBetween(policies: readonly KubernetesObject[], from: KubernetesObject, to: KubernetesObject, port: number): Blocked | undefined {
  const out = blockers(policies, from, to, to, port, 'egress');
  if (out !== undefined) return { side: 'egress', policies: out };
  const into = blockers(policies, to, from, to, port, 'ingress');
  return into && { side: 'ingress', policies: into };
}

function blockers(
  policies: readonly KubernetesObject[],
  subject: KubernetesObject,
  other: KubernetesObject,
  receiver: KubernetesObject,
  port: number,
  side: 'ingress' | 'egress',
): readonly string[] | undefined {
  const about = policies.filter((policy) => policy.metadata.namespace === subject.metadata.namespace && isAbout(policy, subject, side));
  if (about.length === 0) return undefined;
  const lets = about.some((policy) =>
    (specOf(policy)[side] ?? []).some(
      (rule) => portFits(rule, port, receiver) && peerFits(side === 'ingress' ? rule.from : rule.to, policy.metadata.namespace!, other),
    ),
  );
  return lets ? undefined : about.map(({ metadata }) => metadata.name);
}

function specOf({ spec }: KubernetesObject): PolicySpec {
  return spec ?? {};
}

function isAbout(policy: KubernetesObject, pod: KubernetesObject, side: 'ingress' | 'egress'): boolean {
  const { podSelector = {}, policyTypes, egress } = specOf(policy);
  const types = policyTypes ?? ['Ingress', ...(egress === undefined ? [] : ['Egress'])];
  return types.some((type) => type.toLowerCase() === side) && selects(podSelector, pod.metadata.labels ?? {});
}

function portFits({ ports }: PolicyRule, port: number, receiver: KubernetesObject): boolean {
  return (
    ports === undefined ||
    ports.length === 0 ||
    ports.some(({ port: wanted, endPort, protocol = 'TCP' }) => {
      if (protocol !== 'TCP') return false;
      if (wanted === undefined) return true;
      if (typeof wanted === 'number') return endPort === undefined ? wanted === port : wanted <= port && port <= endPort;
      return containersOf(podSpecOf(receiver)).some((container) => portNumber(container, wanted) === port);
    })
  );
}

function peerFits(peers: readonly Peer[] | undefined, namespace: string, pod: KubernetesObject): boolean {
  return peers === undefined || peers.length === 0 || peers.some((peer) => onePeerFits(peer, namespace, pod));
}

function onePeerFits({ podSelector, namespaceSelector, ipBlock }: Peer, namespace: string, pod: KubernetesObject): boolean {
  if (ipBlock !== undefined) return inBlock(ipBlock, (pod.status as { podIP?: string } | undefined)?.podIP);
  const isThere = namespaceSelector
    ? selects(namespaceSelector, { 'kubernetes.io/metadata.name': pod.metadata.namespace! })
    : pod.metadata.namespace === namespace;
  return isThere && (podSelector === undefined || selects(podSelector, pod.metadata.labels ?? {}));
}

function inBlock({ cidr, except = [] }: { readonly cidr: string; readonly except?: readonly string[] }, address: string | undefined): boolean {
  const isIn = (range: string) => {
    const [start = '', bits] = range.split('/');
    const list = new BlockList();
    list.addSubnet(start, Number(bits), isIPv6(start) ? 'ipv6' : 'ipv4');
    return list.check(address!, isIPv6(address!) ? 'ipv6' : 'ipv4');
  };
  return address !== undefined && isIn(cidr) && !except.some(isIn);
}

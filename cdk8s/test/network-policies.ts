import { BlockList } from 'node:net';
import type { Manifest } from './synthesized';

/** Somebody on the network: a pod with a namespace and labels, or an address outside of the cluster. */
export interface Pod {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly address?: string;
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
}
interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string };
}
interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly port: number; readonly protocol: string }[];
}
interface Policy {
  readonly podSelector: Selector;
  readonly policyTypes: readonly string[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

/**
 * Whether some policies let one pod connect to another by TCP: the sender's must let it out and the receiver's in. A pod that no policy of a
 * direction selects is free in it: https://kubernetes.io/docs/concepts/services-networking/network-policies/
 *
 * @param namespace - where the policies are
 */
export function mayConnect(policies: readonly Manifest[], namespace: string, from: Pod, to: Pod, port: number): boolean {
  return allows(policies, namespace, from, to, port, 'Egress') && allows(policies, namespace, to, from, port, 'Ingress');
}

function allows(policies: readonly Manifest[], namespace: string, subject: Pod, other: Pod, port: number, direction: 'Ingress' | 'Egress'): boolean {
  if (subject.namespace !== namespace) return true;
  const about = policies
    .map(({ spec }) => spec as Policy)
    .filter(({ podSelector, policyTypes }) => policyTypes.includes(direction) && fits(podSelector, subject.labels));
  if (about.length === 0) return true;
  const rules = about.flatMap(({ ingress = [], egress = [] }) => (direction === 'Ingress' ? ingress : egress));
  return rules.some((rule) => portFits(rule, port) && peerFits(direction === 'Ingress' ? rule.from : rule.to, namespace, other));
}

function portFits({ ports }: Rule, port: number): boolean {
  return ports === undefined || ports.some((each) => each.port === port && each.protocol === 'TCP');
}

function peerFits(peers: readonly Peer[] | undefined, namespace: string, pod: Pod): boolean {
  return peers === undefined || peers.some((peer) => onePeerFits(peer, namespace, pod));
}

function onePeerFits({ podSelector, namespaceSelector, ipBlock }: Peer, namespace: string, pod: Pod): boolean {
  if (ipBlock) return pod.address !== undefined && inRange(ipBlock.cidr, pod.address);
  if (pod.namespace === undefined) return false;
  const namespaceFits = namespaceSelector ? fits(namespaceSelector, { 'kubernetes.io/metadata.name': pod.namespace }) : pod.namespace === namespace;
  return namespaceFits && (podSelector === undefined || fits(podSelector, pod.labels));
}

function fits({ matchLabels = {} }: Selector, labels: Readonly<Record<string, string>> = {}): boolean {
  return Object.entries(matchLabels).every(([label, value]) => labels[label] === value);
}

function inRange(cidr: string, address: string): boolean {
  const [start, bits] = cidr.split('/') as [string, string];
  const range = new BlockList();
  range.addSubnet(start, Number(bits));
  return range.check(address);
}

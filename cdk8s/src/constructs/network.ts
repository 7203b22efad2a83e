import type { PodsElsewhere } from '../environment';
import { type Construct, k8s } from '../kubernetes';
import { type Component, labelsOf, selectorOf } from './labels';

/** Nothing gets in or out of a pod of the namespace unless another policy allows it. */
export class DefaultDeny extends k8s.KubeNetworkPolicy {
  constructor(scope: Construct) {
    super(scope, 'default-deny', { metadata: { name: 'default-deny' }, spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] } });
  }
}

/** What a policy allows. */
export interface Allowed {
  readonly ingress?: readonly k8s.NetworkPolicyIngressRule[];
  readonly egress?: readonly k8s.NetworkPolicyEgressRule[];
}

/** A policy for one kind of pods. A direction that isn't given stays shut: it is among the types, and nothing allows it. */
export function allowPolicy(scope: Construct, id: string, service: string, component: Component, { ingress = [], egress = [] }: Allowed): void {
  new k8s.KubeNetworkPolicy(scope, id, {
    metadata: { name: component === 'migration' ? `${service}-migrate` : service, labels: labelsOf(service, component) },
    spec: {
      podSelector: { matchLabels: selectorOf(service, component) },
      policyTypes: ['Ingress', 'Egress'],
      ...(ingress.length > 0 && { ingress: [...ingress] }),
      ...(egress.length > 0 && { egress: [...egress] }),
    },
  });
}

/** Pods of the own namespace. */
export function podsHere(service: string, component: Component): k8s.NetworkPolicyPeer {
  return { podSelector: { matchLabels: selectorOf(service, component) } };
}

/** Pods of another namespace; both must fit. */
export function podsThere({ namespace, labels }: PodsElsewhere): k8s.NetworkPolicyPeer {
  return { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } }, podSelector: { matchLabels: { ...labels } } };
}

/** A TCP port of the pods themselves: policies don't know a Service's. */
export function tcp(port: number): k8s.NetworkPolicyPort {
  return { port: k8s.IntOrString.fromNumber(port), protocol: 'TCP' };
}

/** Out to pods of the own namespace. */
export function toPods(service: string, component: Component, port: number): k8s.NetworkPolicyEgressRule {
  return { to: [podsHere(service, component)], ports: [tcp(port)] };
}

/** The cluster's DNS; its pods carry this label in every distribution that we know of. */
export const clusterDns: PodsElsewhere = { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } };

/** Out to the cluster's DNS. */
export const dnsEgress: k8s.NetworkPolicyEgressRule = {
  to: [podsThere(clusterDns)],
  ports: [{ port: k8s.IntOrString.fromNumber(53), protocol: 'UDP' }, tcp(53)],
};

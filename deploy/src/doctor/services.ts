import type { KubernetesObject } from '../manifests/kubernetes-object';
import { podLabelsOf, podSpecOf, containersOf, portNumber } from '../manifests/pod-spec';
import { conditionOf } from '../readiness/conditions';
import { hasLabels } from '../manifests/selectors';
import { podStatusOf } from './container-status';
import type { Scene } from './scene';

/** https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/ */
export interface ServiceSpec {
  readonly type?: string;
  readonly clusterIP?: string;
  readonly selector?: Readonly<Record<string, string>>;
  readonly ports?: readonly ServicePort[];
}

/** One port of a Service. */
export interface ServicePort {
  readonly name?: string;
  readonly port: number;
  readonly targetPort?: string | number;
  readonly protocol?: string;
}

/** A Service's spec. */
export function serviceSpecOf({ spec }: KubernetesObject): ServiceSpec {
  return spec ?? {};
}

/** Whether pods are found for it by labels, not written down by somebody. */
export function hasSelector(service: KubernetesObject): boolean {
  const { type, selector = {} } = serviceSpecOf(service);
  return type !== 'ExternalName' && Object.keys(selector).length > 0;
}

/** Whether its name stands for the addresses of its pods, each of which has a name of its own too. */
export function isHeadless(service: KubernetesObject): boolean {
  return serviceSpecOf(service).clusterIP === 'None';
}

/** Whether its name stands for an address of its own, at which only its ports are. */
export function hasOwnAddress(service: KubernetesObject): boolean {
  return !isHeadless(service) && serviceSpecOf(service).type !== 'ExternalName';
}

/** Whether connections by TCP are taken at a port. */
export function takesTcp({ protocol = 'TCP' }: ServicePort): boolean {
  return protocol === 'TCP';
}

/** Whether it waits for a load balancer, which has nothing to do with its pods. */
export function lacksAddress({ kind, spec, status }: KubernetesObject): boolean {
  const { loadBalancer } = (status ?? {}) as { loadBalancer?: { ingress?: readonly unknown[] } };
  return kind === 'Service' && (spec as ServiceSpec | undefined)?.type === 'LoadBalancer' && (loadBalancer?.ingress ?? []).length === 0;
}

/** Every workload of the namespace whose pods a Service selects, with pods or without. */
export function workloadsBehind(service: KubernetesObject, { workloads }: Scene): readonly KubernetesObject[] {
  const { selector = {} } = serviceSpecOf(service);
  return workloads.filter((workload) => workload.metadata.namespace === service.metadata.namespace && hasLabels(podLabelsOf(workload), selector));
}

/** The pods that a Service sends to, once they are ready: those that it selects but what has ended, such as a Job's. */
export function podsBehind(service: KubernetesObject, scene: Scene): readonly KubernetesObject[] {
  return podsSelected(service, scene).filter((pod) => !ended.has(podStatusOf(pod).phase ?? ''));
}

/** Of the pods that a Service sends to one of each that makes some, the newest that is ready: what one of them answers all do. */
export function askedPods(service: KubernetesObject, scene: Scene): readonly KubernetesObject[] {
  const ready = podsBehind(service, scene).filter((pod) => conditionOf(pod, 'Ready', 'True'));
  const oldestFirst = ready.toSorted((one, other) => madeAt(one) - madeAt(other));
  return [...new Map(oldestFirst.map((pod) => [makerOf(pod, scene), pod])).values()].reverse();
}

function madeAt({ metadata }: KubernetesObject): number {
  return Date.parse(metadata.creationTimestamp ?? '') || 0;
}

/** Who wants a pod, as `Deployment/web`: the workload that made it, or the pod itself. */
export function makerOf(pod: KubernetesObject, { replicaSets }: Scene): string {
  const [owner = { kind: 'Pod', name: pod.metadata.name, uid: '' }] = pod.metadata.ownerReferences ?? [];
  const replicaSet = replicaSets.find(({ metadata }) => metadata.uid === owner.uid);
  const { kind, name } = replicaSet?.metadata.ownerReferences?.[0] ?? owner;
  return `${kind}/${name}`;
}

/** Phases of pods whose containers never run again. */
const ended: ReadonlySet<string> = new Set(['Succeeded', 'Failed']);

/** The pods that a Service selects and that aren't on their way out. */
export function podsSelected(service: KubernetesObject, { pods }: Scene): readonly KubernetesObject[] {
  const { selector = {} } = serviceSpecOf(service);
  return pods.filter(
    ({ metadata: { namespace, labels = {}, deletionTimestamp } }) =>
      deletionTimestamp === undefined && namespace === service.metadata.namespace && hasLabels(labels, selector),
  );
}

/** A workload that no Service leads to, and those to which the Service of its name leads instead. */
export interface Missed {
  readonly workload: KubernetesObject;
  readonly instead: readonly KubernetesObject[];
}

/** Whom a Service misses that leads to others' pods: there is a workload of its name, and those others each have a Service of their own. */
export function missedBy(service: KubernetesObject, scene: Scene): Missed | undefined {
  if (!hasSelector(service)) return undefined;
  const { name, namespace } = service.metadata;
  const instead = workloadsBehind(service, scene);
  const workload = scene.workloads.find(({ kind, metadata }) => kind !== 'Job' && metadata.name === name && metadata.namespace === namespace);
  if (workload === undefined || instead.length === 0) return undefined;
  const leadsTo = (other: KubernetesObject, to: KubernetesObject) => hasSelector(other) && workloadsBehind(other, scene).includes(to);
  const services = scene.services.filter(({ metadata }) => metadata.namespace === namespace);
  const haveTheirOwn = instead.every((other) => services.some((each) => each.metadata.name === other.metadata.name && leadsTo(each, other)));
  return haveTheirOwn && !services.some((each) => leadsTo(each, workload)) ? { workload, instead } : undefined;
}

/** A Service's addresses that answer. */
export function readyAddresses({ metadata: { name, namespace } }: KubernetesObject, { endpointSlices }: Scene): number {
  return endpointSlices
    .filter(({ metadata }) => metadata.namespace === namespace && metadata.labels?.['kubernetes.io/service-name'] === name)
    .flatMap((slice) => (slice as { endpoints?: readonly { conditions?: { ready?: boolean } }[] }).endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false).length;
}

/** The port of a pod to which a connection by TCP to a Service's port leads; nothing when there is none. */
export function targetPortOf(service: KubernetesObject, port: number, pod: KubernetesObject): number | undefined {
  const found = serviceSpecOf(service).ports?.find((each) => each.port === port && takesTcp(each));
  return found && targetOf(found, pod);
}

/** The port of a pod to which one of a Service leads; nothing when the pod has none of that name. */
export function targetOf({ port, targetPort = port }: ServicePort, pod: KubernetesObject): number | undefined {
  if (typeof targetPort === 'number') return targetPort;
  return containersOf(podSpecOf(pod))
    .map((container) => portNumber(container, targetPort))
    .find((number) => number !== undefined);
}

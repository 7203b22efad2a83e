import type { Cluster } from '../cluster/cluster';
import type { Resource } from '../cluster/discovery';
import type { PortLocation } from '../cluster/port-forward';
import { UsageError } from '../exit-codes';
import type { KubernetesObject } from '../manifests/kubernetes-object';
import { labelsText } from '../manifests/selectors';
import { conditionOf } from '../readiness/conditions';

const pods: Resource = { apiVersion: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };
const services: Resource = { apiVersion: 'v1', kind: 'Service', plural: 'services', namespaced: true };

/** A port of a Service. https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/#ServiceSpec */
export interface ServicePort {
  readonly name?: string;
  readonly port: number;
  /** A port of the pods, by number or by its name there. @default the same number */
  readonly targetPort?: number | string;
  readonly appProtocol?: string;
  readonly protocol?: string;
}

/** A Service that sends to pods. */
export interface Service extends KubernetesObject {
  readonly spec: { readonly selector?: Readonly<Record<string, string>>; readonly ports?: readonly ServicePort[] };
}

/** A Service; nothing when it isn't there. */
export async function findService(cluster: Cluster, namespace: string, name: string): Promise<Service | undefined> {
  return (await cluster.get({ resource: services, namespace, name })) as Service | undefined;
}

/** `http` or `https` where a port speaks it, by its name or its number, as people name and number them; nothing else. */
export function schemeOf({ name = '', appProtocol = '', port, protocol = 'TCP' }: ServicePort): 'http' | 'https' | undefined {
  if (protocol !== 'TCP') return undefined;
  const word = appProtocol !== '' ? appProtocol : name;
  if (/^https(-|$)/i.test(word) || (word === '' && [443, 8443].includes(port))) return 'https';
  return /^http(-|$)/i.test(word) || (word === '' && [80, 8000, 8080].includes(port)) ? 'http' : undefined;
}

/**
 * The port that is meant: by its name or number, else the one that speaks HTTP, else the only one.
 *
 * @throws UsageError when there is none
 */
export function portOf({ metadata: { namespace, name }, spec: { ports = [] } }: Service, wanted?: string): ServicePort {
  const tcp = ports.filter(({ protocol = 'TCP' }) => protocol === 'TCP');
  const found =
    wanted === undefined
      ? (tcp.find((port) => schemeOf(port) !== undefined) ?? (tcp.length === 1 ? tcp[0] : undefined))
      : tcp.find((port) => port.name === wanted || String(port.port) === wanted);
  if (found !== undefined) return found;
  const choice = tcp.map((port) => port.name ?? String(port.port)).join(', ');
  if (choice === '') throw new UsageError(`Service/${namespace}/${name} has no TCP port`);
  throw new UsageError(`Service/${namespace}/${name} has no port ${wanted ?? 'that speaks HTTP'}: say ${name}:PORT with one of ${choice}`);
}

interface Container {
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
}

interface Pod extends KubernetesObject {
  readonly spec: { readonly containers: readonly Container[]; readonly initContainers?: readonly Container[] };
}

/** The pods that a Service sends to, ready or not. */
export async function podsBehind(cluster: Cluster, { metadata: { namespace }, spec: { selector = {} } }: Service): Promise<readonly KubernetesObject[]> {
  const labelSelector = labelsText(selector);
  return labelSelector === '' ? [] : cluster.list(pods, namespace, { labelSelector });
}

/** Whether a pod takes new connections. */
export function takesConnections(pod: KubernetesObject): boolean {
  return pod.metadata.deletionTimestamp === undefined && conditionOf(pod, 'Ready', 'True') !== undefined;
}

/** A port of one pod, whatever other pod has its name later. */
export interface Place extends PortLocation {
  /** The pod's. */
  readonly uid: string;
}

/** Where a Service's port leads in a pod; nothing when the pod has no port of that name. */
export function portIn(pod: KubernetesObject, { port, targetPort = port }: ServicePort): Place | undefined {
  const { namespace = '', name, uid = '' } = pod.metadata;
  if (typeof targetPort === 'number') return { namespace, pod: name, uid, port: targetPort };
  const { containers, initContainers = [] } = (pod as Pod).spec;
  const ports = [...containers, ...initContainers].flatMap((container) => container.ports ?? []);
  const named = ports.find((candidate) => candidate.name === targetPort);
  return named && { namespace, pod: name, uid, port: named.containerPort };
}

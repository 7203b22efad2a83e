import type { KubernetesObject, ObjectReference } from '../manifests/kubernetes-object';
import type { Readiness } from '../readiness/state';

/** An object that is looked at: one of the stack's. */
export interface SceneObject {
  readonly reference: ObjectReference;
  /** Nothing when it isn't there. */
  readonly object?: KubernetesObject;
  readonly readiness: Readiness;
}

/** Something that may not be read, and so was not looked at. */
export interface Unseen {
  readonly verb: 'get' | 'list';
  /** As roles write it, such as `pods/log` or `storageclasses.storage.k8s.io`. */
  readonly resource: string;
  readonly namespace?: string;
}

/** Why nobody is let in. */
export interface Lockout {
  readonly context: string;
  /** By ISO 8601, when the kubeconfig's certificate or token ended; nothing when it says no end, or one to come. */
  readonly ended?: { readonly what: 'certificate' | 'token'; readonly at: string };
  /** The API server's words. */
  readonly message: string;
}

/** What a service says of itself. */
export interface Health {
  readonly status: string;
  readonly checks: Readonly<Record<string, { readonly status: string; readonly detail?: string }>>;
}

/** What lies in the namespaces of a stack, whoever made it. */
export interface Surroundings {
  readonly pods: readonly KubernetesObject[];
  readonly replicaSets: readonly KubernetesObject[];
  readonly events: readonly KubernetesObject[];
  readonly services: readonly KubernetesObject[];
  readonly endpointSlices: readonly KubernetesObject[];
  readonly ingresses: readonly KubernetesObject[];
  readonly networkPolicies: readonly KubernetesObject[];
  readonly claims: readonly KubernetesObject[];
  readonly configMaps: readonly KubernetesObject[];
  readonly quotas: readonly KubernetesObject[];
  readonly workloads: readonly KubernetesObject[];
  /** Of the whole cluster. */
  readonly storageClasses: readonly KubernetesObject[];
  readonly volumes: readonly KubernetesObject[];
  readonly nodes: readonly KubernetesObject[];
}

/** All that the rules look at: read once. */
export interface Scene extends Surroundings {
  /** Milliseconds since 1970, by the server's clock. */
  readonly now: number;
  readonly objects: readonly SceneObject[];
  readonly unseen: readonly Unseen[];
  readonly lockout?: Lockout;
  /** The ends of logs, by {@link logKey}. */
  readonly logs: ReadonlyMap<string, string>;
  /** When the last line of a log was said, in milliseconds since 1970, by {@link logKey}. */
  readonly lastSaid: ReadonlyMap<string, number>;
  /** What pods say of themselves, by uid. */
  readonly health: ReadonlyMap<string, Health>;
  /** Ports of pods at which somebody knocked, by {@link portKey}, and how it went where they are closed. */
  readonly closedPorts: ReadonlyMap<string, string>;
}

/** A scene with nothing in it. */
export const emptyScene: Scene = {
  now: 0,
  objects: [],
  unseen: [],
  logs: new Map(),
  lastSaid: new Map(),
  health: new Map(),
  closedPorts: new Map(),
  pods: [],
  replicaSets: [],
  events: [],
  services: [],
  endpointSlices: [],
  ingresses: [],
  networkPolicies: [],
  claims: [],
  configMaps: [],
  quotas: [],
  workloads: [],
  storageClasses: [],
  volumes: [],
  nodes: [],
};

/** By what a log is found. */
export function logKey({ metadata: { uid, name } }: KubernetesObject, container: string, previous: boolean): string {
  return `${uid ?? name}/${container}/${previous ? 'previous' : 'current'}`;
}

/** By what a pod's port is found. */
export function portKey({ metadata: { uid, name } }: KubernetesObject, port: number): string {
  return `${uid ?? name}:${port}`;
}

/** Whether some kind was read at all: rules that miss something there would else be wrong. */
export function isSeen({ unseen }: Scene, resource: string): boolean {
  return !unseen.some((each) => each.resource === resource);
}

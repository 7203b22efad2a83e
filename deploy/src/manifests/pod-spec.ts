import type { KubernetesObject } from './kubernetes-object';

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#Probe */
export interface Probe {
  readonly httpGet?: { readonly path?: string; readonly port: string | number; readonly scheme?: string };
  readonly tcpSocket?: { readonly port: string | number };
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly failureThreshold?: number;
}

/** The name of what a pod reads; `optional` where it starts without. */
export interface Reference {
  readonly name?: string | undefined;
  readonly optional?: boolean;
  /** The keys that a volume takes of it; all where it names none. */
  readonly items?: readonly { readonly key: string }[];
}

/** One variable of a container. */
export interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly configMapKeyRef?: Reference & { readonly key: string };
    readonly secretKeyRef?: Reference;
  };
}

/** A container as far as Berth reads it. */
export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly imagePullPolicy?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly env?: readonly EnvironmentVariable[];
  readonly envFrom?: readonly {
    readonly prefix?: string;
    readonly configMapRef?: Reference;
    readonly secretRef?: Reference;
  }[];
  readonly resources?: { readonly requests?: Readonly<Record<string, string>>; readonly limits?: Readonly<Record<string, string>> };
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly startupProbe?: Probe;
  readonly lifecycle?: { readonly postStart?: Hook };
  /** `Always` of an init container that runs beside the others: a sidecar. */
  readonly restartPolicy?: string;
}

/** https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/ */
export interface Hook {
  readonly exec?: { readonly command?: readonly string[] };
  readonly httpGet?: { readonly path?: string; readonly port: string | number };
}

/** A pod's spec, of a pod or of a workload's template. In a custom kind's manifest a list that is left empty is null. */
export interface PodSpec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly serviceAccountName?: string;
  readonly schedulerName?: string;
  readonly hostAliases?: readonly { readonly hostnames?: readonly string[] }[];
  readonly nodeName?: string;
  readonly readinessGates?: readonly { readonly conditionType: string }[];
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly imagePullSecrets?: readonly { readonly name: string }[];
  readonly volumes?: readonly {
    readonly name: string;
    readonly persistentVolumeClaim?: { readonly claimName: string };
    readonly secret?: { readonly secretName?: string; readonly optional?: boolean };
    readonly configMap?: Reference;
    readonly projected?: { readonly sources?: readonly { readonly secret?: Reference; readonly configMap?: Reference }[] };
  }[];
}

interface PodTemplate {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: PodSpec;
}

/** What an object makes pods of: itself, its template, or that of its Jobs; empty where it makes none. */
function templateOf({ kind, spec, metadata }: KubernetesObject): PodTemplate {
  if (kind === 'Pod') return { metadata, spec: spec as PodSpec };
  const { template, jobTemplate } = (spec ?? {}) as { template?: PodTemplate; jobTemplate?: { spec?: { template?: PodTemplate } } };
  return (kind === 'CronJob' ? jobTemplate?.spec?.template : template) ?? {};
}

/** The pod that an object makes, or is. */
export function podSpecOf(object: KubernetesObject): PodSpec {
  return templateOf(object).spec ?? {};
}

/** The labels of the pods that an object makes. */
export function podLabelsOf(object: KubernetesObject): Readonly<Record<string, string>> {
  return templateOf(object).metadata?.labels ?? {};
}

/** All containers of a pod, those that run first before the others. */
export function containersOf({ initContainers, containers }: PodSpec): readonly Container[] {
  return [...(initContainers ?? []), ...(containers ?? [])];
}

/** A container's port by its number or name; nothing when it has none of that name. */
export function portNumber({ ports = [] }: Container, port: string | number): number | undefined {
  if (typeof port === 'number') return port;
  return ports.find(({ name }) => name === port)?.containerPort ?? (/^\d+$/.test(port) ? Number(port) : undefined);
}

/** Names of what a pod needs before it can start, by kind, each once. */
export function referencesOf(spec: PodSpec): readonly { readonly kind: string; readonly name: string }[] {
  const { serviceAccountName } = spec;
  const volumes = spec.volumes ?? [];
  const containers = containersOf(spec);
  const from = containers.flatMap(({ env }) => (env ?? []).flatMap(({ valueFrom }) => valueFrom ?? []));
  const whole = containers.flatMap(({ envFrom }) => envFrom ?? []);
  const sources = volumes.flatMap(({ projected }) => projected?.sources ?? []);
  const needed = (kind: string, references: readonly (Reference | undefined)[]) => {
    const names = references.flatMap((reference) => (reference?.optional === true ? [] : (reference?.name ?? [])));
    return [...new Set(names)].map((name) => ({ kind, name }));
  };
  return [
    ...needed(
      'PersistentVolumeClaim',
      volumes.map(({ persistentVolumeClaim }) => ({ name: persistentVolumeClaim?.claimName })),
    ),
    ...needed('ConfigMap', [
      ...[...volumes, ...sources].map(({ configMap }) => configMap),
      ...from.map(({ configMapKeyRef }) => configMapKeyRef),
      ...whole.map(({ configMapRef }) => configMapRef),
    ]),
    ...needed('Secret', [
      ...volumes.map(({ secret }) => secret && { ...secret, name: secret.secretName }),
      ...sources.map(({ secret }) => secret),
      ...from.map(({ secretKeyRef }) => secretKeyRef),
      ...whole.map(({ secretRef }) => secretRef),
    ]),
    ...needed('ServiceAccount', [{ name: serviceAccountName }]),
  ];
}

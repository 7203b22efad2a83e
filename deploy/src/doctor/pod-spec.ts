import type { KubernetesObject } from '../manifests/kubernetes-object';

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#Probe */
export interface Probe {
  readonly httpGet?: { readonly path?: string; readonly port: string | number; readonly scheme?: string };
  readonly tcpSocket?: { readonly port: string | number };
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly failureThreshold?: number;
}

/** One variable of a container. */
export interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly configMapKeyRef?: { readonly name?: string; readonly key: string };
    readonly secretKeyRef?: { readonly name?: string };
  };
}

/** A container as a pod's spec has it, as far as doctor reads it. */
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
    readonly configMapRef?: { readonly name?: string };
    readonly secretRef?: { readonly name?: string };
  }[];
  readonly resources?: { readonly requests?: Readonly<Record<string, string>>; readonly limits?: Readonly<Record<string, string>> };
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly startupProbe?: Probe;
}

/** A pod's spec, of a pod or of a workload's template. */
export interface PodSpec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly serviceAccountName?: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly imagePullSecrets?: readonly { readonly name: string }[];
  readonly volumes?: readonly {
    readonly name: string;
    readonly persistentVolumeClaim?: { readonly claimName: string };
    readonly secret?: { readonly secretName?: string };
    readonly configMap?: { readonly name?: string };
  }[];
}

/** The pod that a workload makes, or is. */
export function podSpecOf({ kind, spec }: KubernetesObject): PodSpec {
  if (kind === 'Pod') return spec ?? {};
  return ((spec ?? {}) as { template?: { spec?: PodSpec } }).template?.spec ?? {};
}

/** The labels of the pods that a workload makes. */
export function podLabelsOf({ kind, spec, metadata }: KubernetesObject): Readonly<Record<string, string>> {
  if (kind === 'Pod') return metadata.labels ?? {};
  return ((spec ?? {}) as { template?: { metadata?: { labels?: Record<string, string> } } }).template?.metadata?.labels ?? {};
}

/** All containers of a pod, those that run first before the others. */
export function containersOf({ initContainers = [], containers = [] }: PodSpec): readonly Container[] {
  return [...initContainers, ...containers];
}

/** A container's port by its number or name; nothing when it has none of that name. */
export function portNumber({ ports = [] }: Container, port: string | number): number | undefined {
  if (typeof port === 'number') return port;
  return ports.find(({ name }) => name === port)?.containerPort ?? (/^\d+$/.test(port) ? Number(port) : undefined);
}

/** Names of what a pod needs before it can start, by kind. */
export function referencesOf(spec: PodSpec): readonly { readonly kind: string; readonly name: string }[] {
  const { volumes = [], serviceAccountName } = spec;
  const containers = containersOf(spec);
  const from = containers.flatMap(({ env = [] }) => env.map(({ valueFrom }) => valueFrom));
  const whole = containers.flatMap(({ envFrom = [] }) => envFrom);
  const named = (kind: string, names: readonly (string | undefined)[]) => names.flatMap((name) => (name === undefined ? [] : [{ kind, name }]));
  return [
    ...named(
      'PersistentVolumeClaim',
      volumes.map(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName),
    ),
    ...named('ConfigMap', [
      ...volumes.map(({ configMap }) => configMap?.name),
      ...from.map((each) => each?.configMapKeyRef?.name),
      ...whole.map(({ configMapRef }) => configMapRef?.name),
    ]),
    ...named('Secret', [
      ...volumes.map(({ secret }) => secret?.secretName),
      ...from.map((each) => each?.secretKeyRef?.name),
      ...whole.map(({ secretRef }) => secretRef?.name),
    ]),
    ...named('ServiceAccount', [serviceAccountName]),
  ];
}

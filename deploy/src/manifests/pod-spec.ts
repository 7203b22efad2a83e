import type { KubernetesObject } from './kubernetes-object';

/** A container as far as Berth reads it. */
export interface Container {
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef?: SecretReference };
  }[];
  readonly envFrom?: readonly { readonly secretRef?: SecretReference }[];
}

interface SecretReference {
  readonly name?: string;
  readonly optional?: boolean;
}

/** A pod's spec as far as Berth reads it. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ */
export interface PodSpec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly {
    readonly secret?: { readonly secretName?: string; readonly optional?: boolean };
    readonly projected?: { readonly sources?: readonly { readonly secret?: SecretReference }[] };
  }[];
}

/** The spec of the pods that an object makes: its own, its template's, or that of its Jobs' template; nothing where it makes none. */
export function podSpecOf({ kind, spec }: KubernetesObject): PodSpec | undefined {
  const { template, jobTemplate } = (spec ?? {}) as { template?: { spec?: PodSpec }; jobTemplate?: { spec?: { template?: { spec?: PodSpec } } } };
  return kind === 'Pod' ? (spec as PodSpec) : kind === 'CronJob' ? jobTemplate?.spec?.template?.spec : template?.spec;
}

/** A pod's containers, those that prepare it too. */
export function allContainers({ containers = [], initContainers = [] }: PodSpec = {}): readonly Container[] {
  return [...containers, ...initContainers];
}

/** The Secrets without which a pod doesn't start, by name. */
export function secretsOf(pod: PodSpec): string[] {
  const references = allContainers(pod).flatMap(({ env = [], envFrom = [] }) => [
    ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef),
    ...envFrom.map(({ secretRef }) => secretRef),
  ]);
  const mounted = (pod.volumes ?? []).flatMap(({ secret, projected }) => [
    secret && { ...secret, name: secret.secretName },
    ...(projected?.sources ?? []).map((source) => source.secret),
  ]);
  const needed = [...references, ...mounted].filter((reference) => reference?.optional !== true);
  return [...new Set(needed.flatMap((reference) => reference?.name ?? []))];
}

import type { ResourcesDeclaration } from '@berth/service-kit/declaration';
import type { k8s } from '../kubernetes';
import { quantity } from './quantities';

/** The user of the services' image. */
export const serviceUser = 10_001;

/** A container that Pod Security `restricted` admits, with requests and limits of everything. */
export interface ContainerParts {
  readonly name: string;
  readonly image: string;
  readonly resources: ResourcesDeclaration;
  /** @default the pod's */
  readonly user?: number;
  readonly command?: readonly string[];
  readonly mounts: readonly k8s.VolumeMount[];
  readonly variables?: Readonly<Record<string, string>>;
}

/** Hardens one container: no privileges, no capabilities, a read-only root. */
export function hardenedContainer({ name, image, resources, user, command, mounts, variables = {} }: ContainerParts): k8s.Container {
  const env = Object.entries(variables).map(([variable, value]) => ({ name: variable, value }));
  return {
    name,
    image,
    imagePullPolicy: 'IfNotPresent',
    ...(command && { command: [...command] }),
    ...(env.length > 0 && { env }),
    resources: resourcesOf(resources),
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      privileged: false,
      readOnlyRootFilesystem: true,
      ...(user !== undefined && { runAsUser: user, runAsGroup: user }),
    },
    volumeMounts: [...mounts],
  };
}

function resourcesOf({ cpu, cpuLimit, memory, disk }: ResourcesDeclaration): k8s.ResourceRequirements {
  const always = { memory: quantity(memory), 'ephemeral-storage': quantity(disk) };
  return { requests: { cpu: quantity(cpu), ...always }, limits: { cpu: quantity(cpuLimit), ...always } };
}

/** What a pod is made of. */
export interface PodParts {
  readonly serviceAccountName: string;
  /** The user, group and owner of the volumes. */
  readonly user: number;
  readonly containers: readonly k8s.Container[];
  readonly initContainers?: readonly k8s.Container[];
  readonly volumes: readonly k8s.Volume[];
}

/** Hardens a pod: no token, no environment variables of other Services (`USER_SERVICE_PORT=tcp://…` would be taken for a setting). */
export function hardenedPod({ serviceAccountName, user, containers, initContainers, volumes }: PodParts): k8s.PodSpec {
  return {
    serviceAccountName,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: user,
      runAsGroup: user,
      fsGroup: user,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...(initContainers && { initContainers: [...initContainers] }),
    containers: [...containers],
    volumes: [...volumes],
  };
}

/** Most that `/tmp` may hold: it counts as the container's disk. */
export const temporarySize = '32Mi';

/** A place for temporary files, beside a root that is read-only. */
export const temporaryFiles = {
  volume: { name: 'tmp', emptyDir: { sizeLimit: quantity(temporarySize) } },
  mount: { name: 'tmp', mountPath: '/tmp' },
} as const satisfies { volume: k8s.Volume; mount: k8s.VolumeMount };

/** A Secret's keys as files that the pod's group may read. */
export function secretVolume(name: string, secretName: string): k8s.Volume {
  return { name, secret: { secretName, defaultMode: 0o440 } };
}

/** Replicas on different nodes and in different zones where there are some; on one node they all run. */
export function spread(selector: Readonly<Record<string, string>>): Pick<k8s.PodSpec, 'affinity' | 'topologySpreadConstraints'> {
  const labelSelector = { matchLabels: { ...selector } };
  const constraint = (topologyKey: string) => ({ maxSkew: 1, topologyKey, whenUnsatisfiable: 'ScheduleAnyway', labelSelector });
  const term = { weight: 100, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector } };
  return {
    affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [term] } },
    topologySpreadConstraints: [constraint('kubernetes.io/hostname'), constraint('topology.kubernetes.io/zone')],
  };
}

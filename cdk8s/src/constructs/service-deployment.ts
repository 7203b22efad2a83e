import type { StoreDeclaration } from '@berth/service-kit/declaration';
import { type Construct, JsonPatch, k8s, patchFinished } from '../kubernetes';
import { refuse } from '../refusal';
import { hasOthers, maximumSurge, type ServiceSettings } from '../settings';
import { type BackupAccess, backupAnnotation } from './backup';
import { annotationPrefix, labelsOf, selectorOf } from './labels';
import { hardenedContainer, hardenedPod, serviceUser, spread, temporaryFiles, temporarySize } from './pod';
import { probesOf } from './probes';
import { type Least, quantityFaults } from './quantities';
import { preStopSeconds, terminationGraceSeconds } from './shutdown-times';

/** What of a service's pod comes from elsewhere. */
export interface ServerPodParts {
  readonly image: string;
  readonly configMapName: string;
  readonly volumes: readonly k8s.Volume[];
  readonly mounts: readonly k8s.VolumeMount[];
  readonly backup: BackupAccess;
}

/** The name of the port on the container and on the Service. */
export const portName = 'http';

/** The pods that serve. */
export class ServiceDeployment extends k8s.KubeDeployment {
  constructor(scope: Construct, settings: ServiceSettings, parts: ServerPodParts) {
    const { declaration, replicas, strategy } = settings;
    const { name } = declaration;
    const rolling = strategy === 'RollingUpdate';
    super(scope, 'deployment', {
      metadata: {
        name,
        labels: labelsOf(name, 'server'),
        annotations: { ...schemaAnnotations(declaration.store), ...checkAnnotations(settings), ...backupAnnotation(declaration, parts.backup) },
      },
      spec: {
        // an autoscaler's number is its own
        ...(typeof replicas === 'number' && { replicas }),
        selector: { matchLabels: selectorOf(name, 'server') },
        strategy: rolling
          ? { type: strategy, rollingUpdate: { maxSurge: k8s.IntOrString.fromNumber(maximumSurge), maxUnavailable: k8s.IntOrString.fromNumber(0) } }
          : { type: strategy },
        ...(hasOthers(settings) && { minReadySeconds: 5 }),
        // above what a slow image pull and a first migration take
        progressDeadlineSeconds: 300,
        revisionHistoryLimit: 5,
        template: { metadata: { labels: labelsOf(name, 'server'), annotations: scrapeAnnotations(declaration.port) }, spec: podOf(settings, parts) },
      },
    });
    const seconds = preStopSeconds(settings);
    if (seconds > 0) patchFinished(this, JsonPatch.add('/spec/template/spec/containers/0/lifecycle', { preStop: { sleep: { seconds } } }));
    refuse(this, () => [...quantityFaults(settings.resources, leastOfService), ...replicaFaults(settings), ...schemaFaults(declaration.store)]);
  }
}

function podOf(settings: ServiceSettings, { image, configMapName, volumes, mounts }: ServerPodParts): k8s.PodSpec {
  const { declaration, resources } = settings;
  const server = {
    ...hardenedContainer({ name: declaration.name, image, resources, mounts: [...mounts, temporaryFiles.mount] }),
    envFrom: [{ configMapRef: { name: configMapName } }],
    ports: [{ name: portName, containerPort: declaration.port }],
    ...probesOf(portName),
  };
  return {
    ...hardenedPod({ serviceAccountName: declaration.name, user: serviceUser, containers: [server], volumes: [...volumes, temporaryFiles.volume] }),
    ...spread(selectorOf(declaration.name, 'server')),
    terminationGracePeriodSeconds: terminationGraceSeconds(settings),
  };
}

/** A rollback is judged by these: whether the release that it leads to works on the schema that is there. */
function schemaAnnotations({ schema, schemaMinimum, schemaOldest = 1 }: StoreDeclaration): Record<string, string> {
  const versions = { schema, 'schema-min': schemaMinimum, 'schema-oldest': schemaOldest };
  return Object.fromEntries(Object.entries(versions).map(([name, version]) => [`${annotationPrefix}/${name}`, String(version)]));
}

/** What `berth verify` does to prove the service. */
function checkAnnotations({ declaration: { checks } }: ServiceSettings): Record<string, string> {
  return checks.length > 0 ? { [`${annotationPrefix}/checks`]: JSON.stringify(checks) } : {};
}

/** For a Prometheus without its operator: on the pods, because each replica has figures of its own. */
function scrapeAnnotations(port: number): Record<string, string> {
  return { 'prometheus.io/scrape': 'true', 'prometheus.io/path': '/metrics', 'prometheus.io/port': String(port) };
}

/**
 * An idle order-service has 95 MiB resident, and the image's NODE_OPTIONS let the old heap alone grow to 96. In a container of 0.01 CPU neither service
 * answered within the minute of the startup probe; with 0.02 they did after 15 and 21 s (`docker run --cpus`).
 */
const leastOfService: Least = {
  cpu: { amount: '20m', because: 'on a busy node a service that gets 10m does not start within its minute' },
  memory: { amount: '128Mi', because: 'a service that has just started takes up to 95 MiB' },
  disk: { amount: temporarySize, because: `/tmp alone may hold ${temporarySize}` },
};

function replicaFaults({ replicas }: ServiceSettings): string[] {
  if (typeof replicas !== 'number' || (Number.isInteger(replicas) && replicas >= 1)) return [];
  return [`replicas is ${replicas}: it must be a whole number of at least 1; to leave the service out, list the others in "services"`];
}

function schemaFaults({ schema, schemaMinimum, schemaOldest = 1 }: StoreDeclaration): string[] {
  const versions = Object.entries({ schema, schemaMinimum, schemaOldest }).filter(([, version]) => !(Number.isInteger(version) && version >= 1));
  if (versions.length > 0) return versions.map(([name, version]) => `${name} is ${version}: it must be the number of a migration, 1 or more`);
  return [
    ...(schemaMinimum <= schema
      ? []
      : [`schemaMinimum ${schemaMinimum} is above schema ${schema}, so no migration of this release makes its pods ready: raise schema`]),
    ...(schemaOldest <= schema
      ? []
      : [`schemaOldest ${schemaOldest} is above schema ${schema}, so this release itself would not work on what it makes: lower it`]),
  ];
}

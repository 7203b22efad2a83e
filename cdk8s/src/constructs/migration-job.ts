import { contentHash } from '../hash';
import { type Construct, k8s } from '../kubernetes';
import { valueOf, type ServiceSettings } from '../settings';
import { migrationAnnotation } from './backup';
import type { DatabaseAccess } from './database';
import { labelsOf } from './labels';
import { hardenedContainer, hardenedPod, serviceUser, temporaryFiles } from './pod';

/**
 * Migrates a service's PostgreSQL schema once. A Job can't be changed, so its name carries the hash of its own spec: a new image, a new Job.
 * Pods need not wait for it in any order: they are not ready until the schema is at least what they need, and work on a newer one.
 */
export class MigrationJob extends k8s.KubeJob {
  constructor(scope: Construct, settings: ServiceSettings, image: string, access: DatabaseAccess) {
    const { name } = settings.declaration;
    const spec = specOf(settings, image, access);
    super(scope, 'migration', {
      metadata: { name: `${name}-migrate-${contentHash(spec)}`, labels: labelsOf(name, 'migration'), annotations: migrationAnnotation(settings.declaration) },
      spec,
    });
  }
}

function specOf(settings: ServiceSettings, image: string, { values, volumes, mounts, migration }: DatabaseAccess): k8s.JobSpec {
  const { declaration, resources } = settings;
  const { DATABASE_URL: url, DATABASE_PASSWORD_FILE: file } = values;
  const migrate = hardenedContainer({
    name: 'migrate',
    image,
    resources,
    command: ['node', 'dist/main.js', 'migrate'],
    variables: { DATABASE_URL: String(url), DATABASE_PASSWORD_FILE: String(file), LOG_LEVEL: String(valueOf(settings, 'LOG_LEVEL')) },
    mounts: [...mounts, temporaryFiles.mount],
  });
  const pod = hardenedPod({
    serviceAccountName: declaration.name,
    user: serviceUser,
    ...(migration && migration.initContainers.length > 0 && { initContainers: migration.initContainers }),
    containers: [migrate],
    volumes: [...volumes, ...(migration?.volumes ?? []), temporaryFiles.volume],
  });
  return {
    // a failed try leaves its pod, and so its log; the pauses between tries double from 10 s on
    backoffLimit: 6,
    activeDeadlineSeconds: 900,
    template: { metadata: { labels: labelsOf(declaration.name, 'migration') }, spec: { ...pod, restartPolicy: 'Never' } },
  };
}

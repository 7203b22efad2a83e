import type { PostgresServer } from '../environment';
import { type Construct, k8s } from '../kubernetes';
import type { SecretReference } from './database';
import { keepAnnotations, labelsOf, selectorOf } from './labels';
import { hardenedContainer, hardenedPod, secretVolume, temporaryFiles } from './pod';
import { superuserFolder } from './prepare-database';
import { quantity } from './quantities';

/** The name of the server, its Service and its pods. */
export const serverName = 'postgres';

/** The port, and what it is called. */
export const serverPort = { name: 'postgresql', number: 5432 } as const;

/** The user postgres of the public image. */
export const postgresUser = 999;

/** The Secret of the server's superuser. */
export const superuserSecret: SecretReference = { name: 'postgres-superuser', username: 'postgres' };

const dataFolder = '/var/lib/postgresql/data';

/** One pod of PostgreSQL, on a volume that stays when it goes. */
export class PostgresStatefulSet extends k8s.KubeStatefulSet {
  constructor(scope: Construct, settings: PostgresServer) {
    const labels = labelsOf(serverName, 'database');
    const pod = hardenedPod({
      serviceAccountName: serverName,
      user: postgresUser,
      containers: [serverContainer(settings)],
      volumes: [secretVolume('superuser', superuserSecret.name), { name: 'sockets', emptyDir: { sizeLimit: quantity('1Mi') } }, temporaryFiles.volume],
    });
    super(scope, 'stateful-set', {
      metadata: { name: serverName, labels },
      spec: {
        serviceName: serverName,
        replicas: 1,
        selector: { matchLabels: selectorOf(serverName, 'database') },
        // a fast shutdown writes a checkpoint first
        template: { metadata: { labels }, spec: { ...pod, terminationGracePeriodSeconds: 60 } },
        volumeClaimTemplates: [{ metadata: { name: 'data', labels, annotations: { ...keepAnnotations } }, spec: claimOf(settings) }],
      },
    });
  }
}

function serverContainer({ image, resources, maxConnections }: PostgresServer): k8s.Container {
  return {
    ...hardenedContainer({
      name: serverName,
      image,
      resources,
      command: ['docker-entrypoint.sh', 'postgres', '-c', `max_connections=${maxConnections}`],
      // inside a folder of the user's own, so that no root is needed to prepare it
      variables: { PGDATA: `${dataFolder}/17`, POSTGRES_PASSWORD_FILE: `${superuserFolder}/password` },
      mounts: [
        { name: 'data', mountPath: dataFolder },
        { name: 'superuser', mountPath: superuserFolder, readOnly: true },
        { name: 'sockets', mountPath: '/var/run/postgresql' },
        temporaryFiles.mount,
      ],
    }),
    ports: [{ name: serverPort.name, containerPort: serverPort.number }],
    ...serverProbes(),
  };
}

/** By TCP: while the image sets the server up, it answers on its socket only. */
function serverProbes(): Pick<k8s.Container, 'startupProbe' | 'livenessProbe' | 'readinessProbe'> {
  const isReady = { exec: { command: ['pg_isready', '--host=127.0.0.1', '--username=postgres', '--quiet'] }, timeoutSeconds: 3 };
  return {
    // five minutes for a first start or a recovery
    startupProbe: { ...isReady, periodSeconds: 2, failureThreshold: 150 },
    readinessProbe: { ...isReady, periodSeconds: 5, failureThreshold: 2 },
    // accepts connections at all, also while it recovers: recovery is no reason to kill it
    livenessProbe: { tcpSocket: { port: k8s.IntOrString.fromString(serverPort.name) }, periodSeconds: 10, timeoutSeconds: 3, failureThreshold: 6 },
  };
}

function claimOf({ size, storageClass }: PostgresServer): k8s.PersistentVolumeClaimSpec {
  return {
    accessModes: ['ReadWriteOnce'],
    ...(storageClass !== undefined && { storageClassName: storageClass }),
    resources: { requests: { storage: quantity(size) } },
  };
}

import { posix } from 'node:path';
import type { SqliteStore } from '../environment';
import { type Construct, k8s } from '../kubernetes';
import { refuse } from '../refusal';
import { minimumReplicas, type ServiceSettings, valueOf } from '../settings';
import type { DatabaseAccess } from './database';
import { keepAnnotations, labelsOf } from './labels';
import { quantity, quantityFaults } from './quantities';

/** The image's working directory. */
const workingFolder = '/home/appuser/app';

/** Where the image keeps its data. */
const dataFolder = `${workingFolder}/data`;

/** A volume for a service's SQLite file. It stays when the service goes. */
export class SqliteVolume extends k8s.KubePersistentVolumeClaim {
  readonly access: DatabaseAccess;

  constructor(scope: Construct, id: string, settings: ServiceSettings, { size, storageClass }: SqliteStore) {
    const { name } = settings.declaration;
    super(scope, id, {
      metadata: { name: `${name}-data`, labels: labelsOf(name, 'database'), annotations: { ...keepAnnotations } },
      spec: {
        accessModes: ['ReadWriteOnce'],
        ...(storageClass !== undefined && { storageClassName: storageClass }),
        resources: { requests: { storage: quantity(size) } },
      },
    });
    this.access = {
      values: {},
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: this.name } }],
      mounts: [{ name: 'data', mountPath: dataFolder }],
      egress: [],
      backup: { kind: 'sqlite' },
    };
    refuse(this, () => [...oneProcessFaults(settings), ...pathFaults(settings), ...quantityFaults({ size })]);
  }
}

/** SQLite serves one process: docs/decisions/0007-sqlite-one-process.md. */
function oneProcessFaults(settings: ServiceSettings): string[] {
  const faults: string[] = [];
  const cure = 'put the environment on PostgreSQL';
  if (typeof settings.replicas !== 'number')
    faults.push(`an autoscaler would start more than one process on one SQLite file: ${cure}, or give "replicas" the number 1`);
  else if (minimumReplicas(settings) > 1) faults.push(`${settings.replicas} replicas can't share one SQLite file: ${cure}, or give "replicas" the number 1`);
  if (settings.strategy === 'RollingUpdate')
    faults.push(`a rolling update would start the new pod while the old one holds the SQLite file: ${cure}, or leave "strategy" out`);
  return faults;
}

/** Bytes that Linux' file systems take for a name (NAME_MAX 255), without the `-wal` that SQLite adds. */
const longestFileName = 255 - '-wal'.length;

/** Bytes of a whole path that SQLite opens: `MAX_PATHNAME` 512 in https://sqlite.org/src/file/src/os_unix.c, less 8 for what it adds; measured too. */
const longestPath = 504;

/** Beside the volume the root is read-only, and `/tmp` goes with the pod. */
function pathFaults(settings: ServiceSettings): string[] {
  const { pathVariable } = settings.declaration.store;
  const value = valueOf(settings, pathVariable);
  if (value === undefined) return [`${pathVariable} has no value, so the data would have no file: give it a path below ${dataFolder}`];
  const path = String(value);
  if (/(^|\/)\.{0,2}$/.test(path)) return [`${pathVariable} is "${path}", which is a folder: give it the path of a file below ${dataFolder}`];
  if (path.split('/').some((word) => Buffer.byteLength(word) > longestFileName))
    return [`${pathVariable} has a word of more than ${longestFileName} bytes, which no file may be called: give it a shorter path`];
  const whole = posix.resolve(workingFolder, path);
  const length = Buffer.byteLength(whole);
  if (length > longestPath)
    return [`${pathVariable} is a path of ${length} bytes from the root on, and SQLite opens ${longestPath} at most: give it a shorter path`];
  return whole.startsWith(`${dataFolder}/`)
    ? []
    : [`${pathVariable} is "${path}", which is not on the volume, so the data would be lost with the pod: give it a path below ${dataFolder}`];
}

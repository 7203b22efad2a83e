import { isIP } from 'node:net';
import type { ServiceDeclaration } from '@berth/service-kit/declaration';
import type { Values } from '../environment';
import type { k8s } from '../kubernetes';
import type { BackupAccess, DatabaseServer } from './backup';
import { secretVolume } from './pod';
import type { LeastAmount } from './quantities';

/** A Secret that people make before they deploy: `npm run secrets` prints it. */
export interface SecretReference {
  readonly name: string;
  /** The role that the password is for. */
  readonly username: string;
}

/** How one service's pods get to their data. */
export interface DatabaseAccess {
  /** Configuration that the service gets. */
  readonly values: Values;
  readonly volumes: readonly k8s.Volume[];
  readonly mounts: readonly k8s.VolumeMount[];
  /** Where the pods must be let out to; nothing for a file. */
  readonly egress: readonly k8s.NetworkPolicyEgressRule[];
  readonly backup: BackupAccess;
  /** Left out where the service migrates by itself. */
  readonly migration?: { readonly initContainers: readonly k8s.Container[]; readonly volumes: readonly k8s.Volume[] };
}

/** The Secret of a service's database. */
export function databaseSecret({ name }: ServiceDeclaration): SecretReference {
  return { name: `${name}-database`, username: roleOf(name) };
}

/** A service's role in its database. */
export function roleOf(service: string): string {
  return service.replaceAll('-', '_');
}

/** Where the database's Secret is mounted. */
export const secretFolder = '/run/secrets/database';

/** The volume and mount of a service's password. */
export function passwordFile(declaration: ServiceDeclaration): { volume: k8s.Volume; mount: k8s.VolumeMount } {
  return {
    volume: secretVolume('database', databaseSecret(declaration).name),
    mount: { name: 'database', mountPath: secretFolder, readOnly: true },
  };
}

/** MiB of PostgreSQL's shared buffers: `shared_buffers` is 128 MB by default. */
const sharedBuffers = 128;

/** MiB of an idle connection that has run one statement: 100 of them had 1.06 each of their own (Private_Dirty, PostgreSQL 15). */
const idleConnection = 1;

/** In a container of 0.01 CPU a first start of PostgreSQL 17 took longer than five minutes; of 0.02, 73 s (`docker run --cpus`). */
export const leastServerCpu: LeastAmount = { amount: '20m', because: 'on a busy node PostgreSQL that gets 10m does not start within five minutes' };

/** The memory in which a PostgreSQL server holds as many connections as it takes. Below it, the kernel ends it while it fills up. */
export function leastMemory(maxConnections: number): LeastAmount {
  const needed = sharedBuffers + Math.ceil(maxConnections * idleConnection);
  if (needed <= 256) return { amount: '256Mi', because: "PostgreSQL's shared buffers alone are 128 MB" };
  const because = `PostgreSQL's shared buffers are 128 MB, and each of ${maxConnections} connections takes ${idleConnection} MiB while it is idle`;
  return { amount: `${needed}Mi`, because, otherwise: 'lower store.maxConnections' };
}

/** Access to PostgreSQL at a host: the URL without a password, the password as a file, migrations by a Job. */
export function postgresAccess(
  declaration: ServiceDeclaration,
  host: string,
  port: number,
  egress: readonly k8s.NetworkPolicyEgressRule[],
  { server, prepare = {} }: { readonly server?: DatabaseServer; readonly prepare?: Partial<NonNullable<DatabaseAccess['migration']>> } = {},
): DatabaseAccess {
  const { volume, mount } = passwordFile(declaration);
  const { database } = declaration.store;
  return {
    values: {
      DATABASE_URL: `postgres://${roleOf(declaration.name)}@${isIP(host) === 6 ? `[${host}]` : host}:${port}/${database}`,
      DATABASE_PASSWORD_FILE: `${secretFolder}/password`,
      MIGRATE_ON_START: false,
    },
    volumes: [volume],
    mounts: [mount],
    egress,
    backup: server ? { kind: 'postgres', database, role: roleOf(declaration.name), server } : { kind: 'external-postgres', database, host, port },
    migration: { initContainers: prepare.initContainers ?? [], volumes: prepare.volumes ?? [] },
  };
}

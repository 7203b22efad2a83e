import { bookkeepingTables, type ServiceDeclaration } from '@berth/service-kit/declaration';
import { annotationPrefix } from './labels';

/** The one pod of a database that can be written to, by its labels, and the container in it. */
export interface DatabaseServer {
  readonly container: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** How `berth backup` and `berth restore` get at a service's data. */
export type BackupAccess =
  | {
      /** The service's own program copies its file. */
      readonly kind: 'sqlite';
    }
  | {
      /** The server's own programs, in its pod. */
      readonly kind: 'postgres';
      readonly database: string;
      /** Owns what is restored. */
      readonly role: string;
      readonly server: DatabaseServer;
    }
  | {
      /** Out of Berth's reach: it says so. */
      readonly kind: 'external-postgres';
      readonly database: string;
      readonly host: string;
      readonly port: number;
    };

/** Whose database it is, and its newest migration. */
const schemaQuery = 'SELECT service, version AS schema FROM schema_migrations ORDER BY version DESC LIMIT 1';

/** The annotation of a service's Deployment by which its data are backed up. */
export function backupAnnotation({ name, peers }: ServiceDeclaration, access: BackupAccess): Record<string, string> {
  // what refers to another service's data is copied before it, so that nothing in a backup refers to what isn't in it
  const references = peers.map((peer) => peer.name);
  return { [`${annotationPrefix}/backup`]: JSON.stringify({ ...access, ...particulars(name, access), references }) };
}

function particulars(name: string, { kind }: BackupAccess): object {
  const program = ['node', 'dist/main.js'];
  if (kind === 'sqlite') return { container: name, backup: [...program, 'backup'], restore: [...program, 'restore'] };
  return kind === 'postgres' ? { bookkeeping: bookkeepingTables, schemaQuery } : {};
}

/** The annotation of a Job that brings a database's schema up to date: after an older backup was restored it has to run again. */
export function migrationAnnotation({ name }: ServiceDeclaration): Record<string, string> {
  return { [`${annotationPrefix}/migrates`]: name };
}

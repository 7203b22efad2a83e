import type { ServiceDeclaration } from '@berth/service-kit/declaration';
import type { ExternalPostgres } from '../environment';
import { type DatabaseAccess, postgresAccess } from './database';
import { tcp } from './network';

/** Access to a server outside of the cluster. */
export function externalAccess(declaration: ServiceDeclaration, { host, port, cidr }: ExternalPostgres): DatabaseAccess {
  return postgresAccess(declaration, host, port, [{ to: [{ ipBlock: { cidr } }], ports: [tcp(port)] }]);
}

import type { ServiceDeclaration } from '@berth/service-kit/declaration';
import type { ExternalPostgres } from '../environment';
import { type DatabaseAccess, postgresAccess } from './database';
import { tcp } from './network';

/** Access to a server outside of the cluster. */
export function externalAccess(declaration: ServiceDeclaration, { host, port, cidr, sslMode }: ExternalPostgres): DatabaseAccess {
  const access = postgresAccess(declaration, host, port, [{ to: [{ ipBlock: { cidr } }], ports: [tcp(port)] }]);
  if (sslMode === undefined) return access;
  return { ...access, values: { ...access.values, DATABASE_URL: `${access.values['DATABASE_URL']}?sslmode=${sslMode}` } };
}

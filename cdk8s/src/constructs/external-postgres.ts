import type { ServiceDeclaration } from '@berth/service-kit/declaration';
import type { ExternalPostgres } from '../environment';
import { type DatabaseAccess, postgresAccess } from './database';
import { tcp } from './network';

/** Access to a server outside of the cluster. */
export function externalAccess(declaration: ServiceDeclaration, { host, port, cidr }: ExternalPostgres): DatabaseAccess {
  return postgresAccess(declaration, host, port, [{ to: [{ ipBlock: { cidr } }], ports: [tcp(port)] }]);
}

const cidrPattern = /^(\d{1,3}\.){3}\d{1,3}\/([0-9]|[12]\d|3[0-2])$/;

/** What is wrong with the address of an external server. */
export function externalFaults({ host, cidr }: ExternalPostgres): string[] {
  return [
    ...(cidrPattern.test(cidr) ? [] : [`cidr is "${cidr}": it must be an address range such as "10.20.0.0/16", the one behind ${host}`]),
    ...(/^[a-z0-9.-]+$/.test(host) ? [] : [`host is "${host}": it must be a host's name or address alone, without scheme, user or path`]),
  ];
}

import type { ServiceDeclaration } from '@berth/service-kit/declaration';
import { isObjectName, longestLabel } from '../kubernetes-names';
import { repeated } from '../repeated';
import { integer } from '../value-rules';
import { checkFaults } from './check-faults';
import { variableFaults } from './variable-faults';

/** Folders of `manifests/` that are nobody's service. */
const reserved = ['namespace', 'network', 'postgres', 'monitoring'];

/** The longest name made of it is a label too: that of a migration's pod. */
const longestName = longestLabel - '-migrate-0123456789-abcde'.length;

/** Names of roles that PostgreSQL keeps for itself, and that of CloudNativePG's replication. */
const serverRoles = ['public', 'none', 'streaming-replica'];

/** Why a service's name can't be used. */
export function nameFaults({ name }: ServiceDeclaration): string[] {
  if (reserved.includes(name)) return [`a service can't be called ${name}: the manifests have a folder of that name already, choose another`];
  if (name === 'default') return ["a service can't be called default: every namespace has a ServiceAccount of that name already, choose another"];
  if (!isObjectName(name, longestName))
    return [`the name "${name}" can't name a Service: use lower-case letters, digits and dashes, beginning with a letter, ${longestName} characters at most`];
  if (name === 'constructor') return ["a service can't be called constructor: cdk8s mistakes the name, choose another"];
  if (name === 'localhost') return ["a service can't be called localhost: its callers would call themselves, choose another name"];
  if (name.startsWith('pg-') || serverRoles.includes(name))
    return [
      `the name "${name}" can't name the service's role in PostgreSQL, which keeps such names for itself: choose one that is none of ${serverRoles.join(', ')} and doesn't begin with "pg-"`,
    ];
  return [];
}

/** Databases that every PostgreSQL server has for itself; nobody else may be given one of them. */
const serverDatabases = ['postgres', 'template0', 'template1'];

/** The first port that a process without privileges may listen on. */
const firstFreePort = 1_024;

/** What contradicts itself in one declaration, wherever the service runs. */
export function declarationFaults(declaration: ServiceDeclaration): string[] {
  const { name, port, peers, store } = declaration;
  const file = `services/${name}/service.ts`;
  return [
    ...(integer(firstFreePort, 65_535).holds(port)
      ? []
      : [`${name} is to listen on port ${port}, which a user without privileges can't: choose one from ${firstFreePort} to 65535 in ${file}`]),
    ...peers.filter((peer) => peer.name === name).map(() => `${name} names itself as a peer: leave it out of "peers" in ${file}`),
    ...repeated(peers.map((peer) => peer.name)).map((peer) => `${name} names ${peer} as a peer twice: leave one out of "peers" in ${file}`),
    ...repeated(peers.map(({ urlVariable }) => urlVariable)).map(
      (variable) => `${name} is told the addresses of two peers by ${variable}, which holds one: give each peer a variable of its own in ${file}`,
    ),
    ...(serverDatabases.includes(store.database)
      ? [`the database "${store.database}" of ${name} is the server's own, which no service is let into: choose another name in ${file}`]
      : []),
    ...(/^[a-z][a-z0-9_]{0,62}$/.test(store.database)
      ? []
      : [`the database "${store.database}" of ${name} would have to be quoted everywhere: use lower-case letters, digits and underscores in ${file}`]),
    ...variableFaults(declaration),
    ...checkFaults(declaration),
  ];
}

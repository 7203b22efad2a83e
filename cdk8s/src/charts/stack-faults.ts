import type { ServiceDeclaration } from '@berth/service-kit/declaration';
import { databaseSecret } from '../constructs/database';
import { superuserSecret } from '../constructs/postgres-stateful-set';
import { serviceSecretName } from '../constructs/service-secrets';
import type { Environment } from '../environment';
import { repeated } from '../repeated';
import { type ServiceSettings, valueOf } from '../settings';
import { declarationFaults } from './declaration-faults';
import { environmentFaults } from './environment-faults';
import { flowFaults } from './flow-faults';
import { ignoredFaults } from './ignored-faults';

/** What can't work between services, or between the services and their environment. */
export function stackFaults(environment: Environment, declarations: readonly ServiceDeclaration[], services: readonly ServiceSettings[]): string[] {
  const deployed = services.map(({ declaration }) => declaration);
  return [
    ...environmentFaults(environment),
    ...serviceNameFaults(environment, declarations),
    ...ignoredFaults(environment, services),
    ...deployed.flatMap(declarationFaults),
    ...missingPeers(deployed),
    ...sharedThings(deployed),
    ...readinessCircles(services),
    ...sharedLimits(environment, services),
    ...connectionFaults(environment, services),
    ...certificateFaults(environment, deployed),
    ...strangersIn('check', deployed, ({ checks }) => checks),
    ...strangersIn('flow', deployed, ({ flows }) => flows),
    ...flowFaults(deployed),
  ];
}

function serviceNameFaults({ services, overrides }: Environment, declarations: readonly ServiceDeclaration[]): string[] {
  const known = declarations.map(({ name }) => name);
  const unknown = (names: readonly string[], where: string) =>
    names.filter((name) => !known.includes(name)).map((name) => `"${where}" names ${name}, which is no service: there are ${known.join(', ')}`);
  const listed = services === 'all' ? [] : services;
  return [
    ...(services === 'all' || services.length > 0 ? [] : ['"services" names none, so nothing would run: name some, or say "all"']),
    ...repeated(listed).map((name) => `"services" names ${name} twice: leave one out`),
    ...unknown(listed, 'services'),
    ...unknown(Object.keys(overrides), 'overrides'),
  ];
}

function missingPeers(services: readonly ServiceDeclaration[]): string[] {
  const names = services.map(({ name }) => name);
  return services.flatMap(({ name, peers }) =>
    peers
      .filter((peer) => !names.includes(peer.name))
      .map(
        (peer) =>
          `${name} calls ${peer.name}, which isn't deployed here: add ${peer.name} to "services", or correct the peer's name in services/${name}/service.ts`,
      ),
  );
}

/** Paths and databases that more than one service claims. A controller that is told to use regular expressions compares paths without regard to case. */
function sharedThings(services: readonly ServiceDeclaration[]): string[] {
  const claims = services.flatMap(({ name, paths, store }) => [
    ...paths.map((path) => ({ kind: 'path', claimed: path, name, cure: 'the Ingress could send it to one only: change "paths" of the other' })),
    { kind: 'database', claimed: store.database, name, cure: 'no service may read another\'s data: change "store.database" of one' },
  ]);
  const byWhat = Map.groupBy(claims, ({ kind, claimed }) => `${kind} ${claimed.toLowerCase()}`);
  const shared = [...byWhat.values()].flatMap((all) => {
    const names = new Set(all.map(({ name }) => name));
    const claimed = [...new Set(all.map((each) => each.claimed))].join(' or ');
    return names.size > 1 ? [`${[...names].join(' and ')} both claim the ${all[0]!.kind} ${claimed}: ${all[0]!.cure}`] : [];
  });
  const twice = services.flatMap(({ name, paths }) =>
    repeated(paths).map((path) => `${name} lists the path ${path} twice: leave one out of "paths" in services/${name}/service.ts`),
  );
  return [...shared, ...twice];
}

/** Services that wait for each other's readiness would never become ready. */
function readinessCircles(services: readonly ServiceSettings[]): string[] {
  const waitsFor = new Map(
    services
      .filter((settings) => String(valueOf(settings, 'READINESS_REQUIRES_PEERS')) === 'true')
      .map(({ declaration }) => [declaration.name, declaration.peers.map(({ name }) => name)]),
  );
  const reaches = (from: string, target: string, seen = new Set<string>()): boolean =>
    (waitsFor.get(from) ?? []).some((next) => next === target || (!seen.has(next) && reaches(next, target, seen.add(next))));
  const caught = [...waitsFor.keys()].filter((name) => reaches(name, name));
  return caught.length === 0
    ? []
    : [`${caught.join(' and ')} would wait for each other's readiness for ever: set READINESS_REQUIRES_PEERS to false on one of them`];
}

/** A limit that is meant for clients, on a service that takes each replica of its callers for one: docs/operations.md#ingress-and-https. */
function sharedLimits({ configuration, overrides }: Environment, services: readonly ServiceSettings[]): string[] {
  const limit = 'RATE_LIMIT_PER_MINUTE';
  if ((configuration[limit] ?? '') === '') return [];
  return services.flatMap(({ declaration: { name } }) => {
    const callers = services.filter(({ declaration }) => declaration.peers.some((peer) => peer.name === name)).map(({ declaration }) => declaration.name);
    if (callers.length === 0 || overrides[name]?.configuration?.[limit] !== undefined) return [];
    return [
      `${limit} for every service limits ${name} too, which takes a replica of ${callers.join(' or ')} with all its clients for one client: set it in the "overrides" of services that nobody calls, and in those of ${name} its own, or an empty one for none`,
    ];
  });
}

/** Connections that PostgreSQL keeps for its superuser: `superuser_reserved_connections`, 3 by default. */
const reservedConnections = 3;

/** One for readiness and one while it looks at its schema, beside the pool: docs/decisions/0008-postgresql.md. */
const connectionsBesidePool = 2;

function connectionFaults({ store }: Environment, services: readonly ServiceSettings[]): string[] {
  if (store.kind === 'sqlite') return [];
  const needed = services.map((settings) => ({ name: settings.declaration.name, connections: connectionsOf(settings) }));
  const perServer = store.kind === 'cloud-native-postgres' ? needed.map((one) => [one]) : [needed];
  return perServer.flatMap((users) => {
    const sum = users.reduce((total, { connections }) => total + connections, reservedConnections);
    const told = users.map(({ name, connections }) => `${name} ${connections}`).join(', ');
    // a value that is no number is the parser's to tell
    return Number.isNaN(sum) || sum <= store.maxConnections
      ? []
      : [
          `at most ${sum} connections are opened (${told}, ${reservedConnections} reserved), and maxConnections is ${store.maxConnections}: raise it, or lower DATABASE_POOL_SIZE or the replicas`,
        ];
  });
}

/**
 * At the most: every replica, its successor beside it in a rollout, and the migration. A pod that ends keeps its connections until its last request is
 * answered, and nothing waits for that: successors come as soon as those before them are ready.
 */
function connectionsOf(settings: ServiceSettings): number {
  return 2 * settings.maximumReplicas * (Number(valueOf(settings, 'DATABASE_POOL_SIZE')) + connectionsBesidePool) + 1;
}

/** A Secret of passwords in the place of a certificate's. */
function certificateFaults({ ingress }: Environment, services: readonly ServiceDeclaration[]): string[] {
  const tlsSecret = ingress?.tlsSecret;
  const passwords = [superuserSecret.name, ...services.flatMap((service) => [databaseSecret(service).name, serviceSecretName(service)])];
  return tlsSecret !== undefined && passwords.includes(tlsSecret)
    ? [`ingress.tlsSecret is "${tlsSecret}", which holds passwords and no certificate: name the Secret of the host's certificate, such as "berth-tls"`]
    : [];
}

/** Services in the steps of something that its service neither is nor calls. */
function strangersIn(
  kind: 'check' | 'flow',
  services: readonly ServiceDeclaration[],
  partsOf: (service: ServiceDeclaration) => readonly { readonly steps: readonly { readonly service: string }[] }[],
): string[] {
  return services.flatMap((service) => {
    const callable = [service.name, ...service.peers.map(({ name }) => name)];
    const called = partsOf(service).flatMap(({ steps }) => steps.map((step) => step.service));
    return [...new Set(called)]
      .filter((name) => !callable.includes(name))
      .map((name) => `a ${kind} of ${service.name} calls ${name}, which is neither it nor a peer of it: move the ${kind} to the service that calls both`);
  });
}

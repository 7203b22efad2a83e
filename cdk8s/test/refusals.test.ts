import type { CheckStep, ServiceDeclaration, Variable } from '@berth/service-kit/declaration';
import { orderService } from '../../services/order-service/service';
import { userService } from '../../services/user-service/service';
import { environmentNameFaults } from '../src/charts/environment-faults';
import { declarationShape } from '../src/declaration-shape';
import type { Environment, ServiceOverride } from '../src/environment';
import { environments } from '../src/environments';
import { boatService, faultsOf, released, services } from './synthesized';

const [local, staging, production] = environments as [Environment, Environment, Environment];
const users: ServiceDeclaration = userService;
const orders: ServiceDeclaration = orderService;
const set = (of: Environment, name: string, value: string | number | boolean): Environment => ({ ...of, configuration: { [name]: value } });
const external = { kind: 'external-postgres', host: 'db.example', port: 5432, cidr: '10.0.0.0/8', maxConnections: 600 } as const;

const storeOf = (of: Environment, changes: object): Environment => ({ ...of, store: { ...of.store, ...changes } });
const ingressOf = (of: Environment, changes: object): Environment => ({ ...of, ingress: { ...of.ingress!, ...changes } });
const monitoringOf = (of: Environment, changes: object): Environment => ({ ...of, monitoring: { ...of.monitoring!, ...changes } });
const overridden = (of: Environment, override: ServiceOverride): Environment => ({ ...of, overrides: { 'user-service': override } });
const withBoat = (changes: Partial<ServiceDeclaration>): readonly ServiceDeclaration[] => [...services, { ...boatService, ...changes }];
const withUsers = (changes: Partial<ServiceDeclaration>): readonly ServiceDeclaration[] => [orders, { ...users, ...changes }];
const withVariable = (name: string, variable: Variable) => withBoat({ configuration: { ...boatService.configuration, [name]: variable } });
const withMetric = (name: string, ...labels: string[]) => withBoat({ metrics: [{ name, type: 'gauge', help: 'Boats', labels }] });
const withStep = (...steps: readonly CheckStep[]) => withBoat({ checks: [{ name: 'a boat', steps }] });
const withRoute = (route: string) => withBoat({ flows: [{ name: 'boat', title: 'Boat', steps: [{ service: 'boat-service', method: 'GET', route }] }] });
const step: CheckStep = { service: 'boat-service', method: 'GET', path: '/boats', status: 200 };
const make: CheckStep = { ...step, method: 'POST', status: 201 };
const remove: CheckStep = { ...step, method: 'DELETE', status: 204, cleanUp: true };
const file = 'cdk8s/src/environments.ts';

/** A mistake: where, with which services; the construct that is named; the words of fault and cure. */
type Mistake = readonly [what: string, where: Environment, path: string, words: RegExp, with_?: readonly ServiceDeclaration[], images?: Record<string, string>];

const mistakes: readonly Mistake[] = [
  ['SQLite with two replicas', { ...local, replicas: 2 }, 'local/user-service/data', /2 replicas can't share one SQLite file.*PostgreSQL/],
  ['SQLite with an autoscaler', { ...local, replicas: { minimum: 1 } }, 'local/user-service/data', /autoscaler.*one SQLite file.*PostgreSQL/],
  ['SQLite with a rolling update', { ...local, strategy: 'RollingUpdate' }, 'local/user-service/data', /rolling update.*leave "strategy" out/],
  [
    'more connections than the server takes',
    { ...staging, store: { ...staging.store, maxConnections: 60 } as Environment['store'] },
    'staging',
    /at most 101 connections.*maxConnections is 60.*DATABASE_POOL_SIZE/,
  ],
  ['a pool that only the autoscaler makes too large', set(production, 'DATABASE_POOL_SIZE', 50), 'production', /order-service 1041.*maxConnections is 300/],
  [
    'a budget that lets no pod go',
    { ...staging, disruption: { maxUnavailable: 0 } },
    'staging/user-service/disruption-budget',
    /maxUnavailable 0 blocks every drain.*at least 1/,
  ],
  [
    'a budget that needs every pod',
    { ...staging, disruption: { minAvailable: 2 } },
    'staging/user-service/disruption-budget',
    /minAvailable 2 of 2.*blocks every drain/,
  ],
  [
    'a budget that lets every pod go',
    { ...staging, disruption: { maxUnavailable: 2 } },
    'staging/user-service/disruption-budget',
    /maxUnavailable 2 of 2 replicas lets a drain take all of them at once: give at most 1/,
  ],
  [
    'a budget that says both',
    { ...staging, disruption: { minAvailable: 1, maxUnavailable: 1 } },
    'staging/user-service/disruption-budget',
    /either maxUnavailable or minAvailable/,
  ],
  [
    'the tag latest',
    { ...staging, images: { kind: 'tagged', registry: 'r.example', tag: 'latest' } },
    'staging/user-service',
    /"latest" says nothing about what runs.*version/,
  ],
  [
    'a released image by tag',
    production,
    'production/user-service',
    /has no digest.*@sha256/,
    services,
    { ...released, 'user-service': 'r.example/user-service:latest' },
  ],
  [
    'a secret in the ConfigMap',
    set(staging, 'DATABASE_PASSWORD', 'hunter2'),
    'staging/user-service/configuration',
    /DATABASE_PASSWORD is a secret.*never into "configuration"/,
  ],
  [
    'a password in a URL',
    { ...staging, overrides: { 'boat-service': { configuration: { BOAT_DB_PATH: 'http://me:hunter2@files.example/' } } } },
    'staging/boat-service/configuration',
    /BOAT_DB_PATH holds a password/,
    [...services, boatService],
  ],
  [
    'a variable that nobody reads',
    set(staging, 'LOGLEVEL', 'info'),
    'staging/user-service/configuration',
    /LOGLEVEL is no variable of user-service: it reads .*LOG_LEVEL.*; correct the name, or move it to the "overrides"/,
  ],
  [
    'a value out of its bounds',
    set(staging, 'DATABASE_POOL_SIZE', 0),
    'staging/user-service/configuration',
    /DATABASE_POOL_SIZE must be a whole number from 3 to 100, not "0"/,
  ],
  [
    'a value of the wrong kind',
    set(staging, 'READINESS_REQUIRES_PEERS', 'yes'),
    'staging/user-service/configuration',
    /READINESS_REQUIRES_PEERS must be true or false/,
  ],
  ['another port than the Service’s', set(staging, 'PORT', 9000), 'staging/user-service/configuration', /PORT is set by synth itself/],
  [
    'a peer’s address by hand',
    { ...staging, overrides: { 'order-service': { configuration: { USER_SERVICE_URL: 'http://other' } } } },
    'staging/order-service/configuration',
    /USER_SERVICE_URL is set by synth itself/,
  ],
  ['every client counted as one', set(staging, 'RATE_LIMIT_PER_MINUTE', 100), 'staging/user-service/configuration', /TRUST_PROXY.*1 for the Ingress alone/],
  [
    'a peer that isn’t deployed',
    { ...staging, services: ['order-service'] },
    'staging',
    /order-service calls user-service, which isn't deployed here: add user-service to "services"/,
  ],
  [
    'a service that isn’t there',
    { ...staging, services: ['user-service', 'order-service', 'boats'] },
    'staging',
    /"services" names boats, which is no service: there are order-service, user-service/,
  ],
  ['an override of nobody', { ...staging, overrides: { 'users-service': { replicas: 3 } } }, 'staging', /"overrides" names users-service, which is no service/],
  [
    'two services on one path',
    staging,
    'staging',
    /boat-service and user-service both claim the path \/users/,
    [...services, { ...boatService, paths: ['/users'] }],
  ],
  [
    'two services on one path but for its case',
    staging,
    'staging',
    /boat-service and user-service both claim the path \/Users or \/users: the Ingress could send it to one only/,
    withBoat({ paths: ['/Users'] }),
  ],
  [
    'a path that a service lists twice',
    staging,
    'staging',
    /^staging: boat-service lists the path \/boats twice: leave one out of "paths" in services\/boat-service\/service.ts/,
    withBoat({ paths: ['/boats', '/boats'] }),
  ],
  [
    'two services in one database',
    staging,
    'staging',
    /boat-service and user-service both claim the database userdb/,
    [...services, { ...boatService, store: { ...boatService.store, database: 'userdb' } }],
  ],
  [
    'readiness in a circle',
    set(staging, 'READINESS_REQUIRES_PEERS', true),
    'staging',
    /order-service and user-service would wait for each other's readiness for ever/,
    [
      orders,
      {
        ...users,
        peers: [{ name: 'order-service', urlVariable: 'ORDER_SERVICE_URL' }],
        configuration: { ...users.configuration, ORDER_SERVICE_URL: { kind: 'url', schemes: ['http'], description: 'Peer' } },
      },
    ],
  ],
  [
    'a schema below what is needed',
    staging,
    'staging/user-service/deployment',
    /schemaMinimum 3 is above schema 2.*raise schema/,
    [orders, { ...users, store: { ...users.store, schemaMinimum: 3 } }],
  ],
  [
    'a schema that breaks the release which makes it',
    staging,
    'staging/user-service/deployment',
    /schemaOldest 3 is above schema 2.*lower it/,
    [orders, { ...users, store: { ...users.store, schemaOldest: 3 } }],
  ],
  [
    'memory without a unit',
    { ...staging, overrides: { 'user-service': { resources: { memory: '256' as '256Mi' } } } },
    'staging/user-service/deployment',
    /memory is "256".*"256Mi"/,
  ],
  [
    'a CPU limit below the request',
    { ...staging, overrides: { 'user-service': { resources: { cpuLimit: '100m' } } } },
    'staging/user-service/deployment',
    /cpuLimit 100m is below cpu 150m/,
  ],
  ['a disk without a size', { ...local, store: { kind: 'sqlite', size: '0Gi' } }, 'local/user-service/data', /size is "0Gi".*above zero/],
  ['no replica at all', { ...staging, replicas: 0 }, 'staging/user-service/deployment', /replicas is 0: it must be a whole number of at least 1/],
  [
    'a maximum below the minimum',
    { ...production, replicas: { minimum: 12 } },
    'production/user-service/autoscaler',
    /maximum of 10 replicas is below the minimum of 12/,
  ],
  [
    'an autoscaler that aims at nothing',
    production,
    'production/user-service/autoscaler',
    /targetCpuPercent is 0: it must be 1 to 100/,
    [orders, { ...users, scaling: { maximumReplicas: 10, targetCpuPercent: 0 } }],
  ],
  [
    'a host with a scheme',
    { ...staging, ingress: { ...staging.ingress!, host: 'https://berth.example' } },
    'staging/user-service/ingress',
    /host is "https:\/\/berth.example": it must be a name alone/,
  ],
  ...['10.0.0.1', `${'a'.repeat(64)}.example`, `${'a.'.repeat(127)}example`, 'Berth.example'].map((host): Mistake => [
    `the host ${host.slice(0, 20)}`,
    { ...staging, ingress: { ...staging.ingress!, host } },
    'staging/user-service/ingress',
    /host is ".*": it must be a name alone in lower case, no address/,
  ]),
  [
    'the class of an Ingress as an annotation',
    { ...staging, ingress: { ...staging.ingress!, annotations: { 'kubernetes.io/ingress.class': 'nginx' } } },
    'staging',
    /kubernetes.io\/ingress.class"\] is "nginx": it must be left out: "className" says it/,
  ],
  [
    'a certificate of no host',
    { ...local, ingress: { ...local.ingress!, tlsSecret: 'berth-tls' } },
    'local/user-service/ingress',
    /certificate berth-tls is of no host: give "host"/,
  ],
  [
    'a path that can’t be routed',
    staging,
    'staging/user-service/ingress',
    /path "users\/" can't be routed: it must be letters, digits.*such as "\/users"/,
    [orders, { ...users, paths: ['users/'] }],
  ],
  [
    'a name that DNS refuses',
    staging,
    'staging',
    /name "Boat_Service" can't name a Service: use lower-case/,
    [...services, { ...boatService, name: 'Boat_Service' }],
  ],
  ['a name that the manifests have already', production, 'production', /can't be called monitoring/, [...services, { ...boatService, name: 'monitoring' }]],
  [
    'a metric of everybody’s declared again',
    production,
    'production/user-service/service-monitor',
    /metric http_requests_total is declared twice/,
    [orders, { ...users, metrics: [{ name: 'http_requests_total', type: 'counter', help: 'Mine', labels: [] }] }],
  ],
  [
    'a counter that is named like a gauge',
    production,
    'production/user-service/service-monitor',
    /names of counters, and only those, end in _total/,
    [orders, { ...users, metrics: [{ name: 'boats', type: 'counter', help: 'Boats', labels: [] }] }],
  ],
  [
    'an external database without addresses',
    { ...production, store: { ...external, cidr: '10.0.0.0' } },
    'production',
    /cidr is "10.0.0.0": it must be an address range such as/,
  ],
  ...[
    ['192.168.1.7', '10.0.0.0/8'],
    ['fd00::7', 'fd01::/16'],
  ].map(([host, cidr]): Mistake => [
    `an external database at ${host}, beside its range`,
    { ...production, store: { ...external, host: host!, cidr: cidr! } },
    'production',
    /store.host is ".*" and store.cidr ".*" doesn't hold it, so every pod would be cut off/,
  ]),
  ...['localhost', '127.0.0.1', '::1'].map((host): Mistake => [
    `an external database on ${host}`,
    { ...production, store: { ...external, host, cidr: host.includes(':') ? '::/0' : '0.0.0.0/0' } },
    'production',
    /store.host is ".*", which is each pod itself/,
  ]),
  ...['0.0.0.0', '::', '255.255.255.255', '224.0.0.1', '239.1.2.3', 'ff02::1', 'fe80::1', '169.254.169.254', '::ffff:127.0.0.1'].map((host): Mistake => [
    `an external database at ${host}`,
    { ...production, store: { ...external, host, cidr: host.includes(':') ? '::/0' : '0.0.0.0/0' } },
    'production',
    /store.host is ".*", which is (each pod itself|no one server's address)/,
  ]),
  ...['db.localhost', 'localhost.'].map((host): Mistake => [
    `an external database on ${host}`,
    { ...production, store: { ...external, host } },
    'production',
    /store.host is ".*"(, which is each pod itself|: it must be a host's name)/,
  ]),
  ...[`${'d'.repeat(64)}.example`, `${'d.'.repeat(124)}example`].map((host): Mistake => [
    `an external database whose name is too long, ${host.slice(0, 8)}`,
    { ...production, store: { ...external, host } },
    'production',
    /store.host is ".*": it must be a host's name in lower case/,
  ]),
  ...[
    '127.0.0.0/8',
    '127.0.0.1/32',
    '::1/128',
    '0.0.0.0/32',
    '::/128',
    '224.0.0.0/4',
    '239.0.0.0/8',
    'ff02::/16',
    'fe80::/64',
    '169.254.0.0/16',
    '255.255.255.255/32',
  ].map((cidr): Mistake => [
    `the addresses ${cidr} of an external database`,
    { ...production, store: { ...external, cidr } },
    'production',
    /store.cidr is ".*", in which no server can be reached from a pod: give the addresses behind store.host/,
  ]),
  [
    'another word for encryption',
    { ...production, store: { ...external, sslMode: 'require' as never } },
    'production',
    /store.sslMode is "require": it must be "verify-full" or "no-verify"/,
  ],
  [
    'a range with a zone',
    { ...production, store: { ...external, cidr: 'fe80::1%eth0/64' } },
    'production',
    /store.cidr is "fe80::1%eth0\/64": it must be an address range/,
  ],
  [
    'an external database’s URL for its host',
    { ...production, store: { ...external, host: 'postgres://db.example' } },
    'production',
    /host is "postgres:\/\/db.example": it must be a host's name in lower case or its address, alone/,
  ],
  [
    'a database of no instance',
    { ...production, store: { ...production.store, instances: 0 } as Environment['store'] },
    'production/user-service/database',
    /instances is 0: a database needs at least 1/,
  ],
  [
    'a check that calls a stranger',
    staging,
    'staging',
    /a check of user-service calls order-service, which is neither it nor a peer/,
    [orders, { ...users, checks: orders.checks }],
  ],
  [
    'a flow through a stranger',
    staging,
    'staging',
    /a flow of user-service calls order-service, which is neither it nor a peer/,
    [
      { ...orders, flows: [] },
      { ...users, flows: orders.flows },
    ],
  ],
  [
    'a flow without a usable name',
    production,
    'production',
    /the flow "Order flow" of order-service can't name a dashboard/,
    [{ ...orders, flows: [{ ...orders.flows[0]!, name: 'Order flow' }] }, users],
  ],
  [
    'two flows of one name',
    production,
    'production',
    /the dashboard of the flow order of order-service is called order-flow, as another one is/,
    [{ ...orders, flows: [...orders.flows, ...orders.flows] }, users],
  ],
  [
    'flows of one name in two services',
    production,
    'production',
    /the dashboard of the flow order of boat-service is called order-flow, as another one is/,
    [...services, { ...boatService, flows: [{ name: 'order', title: 'Boats', steps: [] }] }],
  ],
  [
    'two peers told by one variable',
    staging,
    'staging',
    /boat-service is told the addresses of two peers by USER_SERVICE_URL/,
    [...services, { ...boatService, peers: [...boatService.peers, { name: 'order-service', urlVariable: 'USER_SERVICE_URL' }] }],
  ],
  [
    'a peer named twice',
    staging,
    'staging',
    /boat-service names user-service as a peer twice/,
    [...services, { ...boatService, peers: [...boatService.peers, ...boatService.peers] }],
  ],
  [
    "a database of the server's own",
    staging,
    'staging',
    /the database "template1" of boat-service is the server's own/,
    [...services, { ...boatService, store: { ...boatService.store, database: 'template1' } }],
  ],
  [
    'a name that PostgreSQL keeps for itself',
    staging,
    'staging',
    /the name "pg-proxy" can't name the service's role/,
    [...services, { ...boatService, name: 'pg-proxy' }],
  ],
  ['a port that needs privileges', staging, 'staging', /boat-service is to listen on port 80.*1024 to 65535/, [...services, { ...boatService, port: 80 }]],
  [
    'a peer without its variable',
    staging,
    'staging',
    /address of user-service by USERS_URL, which it doesn't declare/,
    [...services, { ...boatService, peers: [{ name: 'user-service', urlVariable: 'USERS_URL' }] }],
  ],
  [
    'a file without its variable',
    staging,
    'staging',
    /its SQLite file by BOATS, which it doesn't declare/,
    [...services, { ...boatService, store: { ...boatService.store, pathVariable: 'BOATS' } }],
  ],
  [
    'a service that calls itself',
    staging,
    'staging',
    /boat-service names itself as a peer/,
    [...services, { ...boatService, peers: [{ name: 'boat-service', urlVariable: 'USER_SERVICE_URL' }] }],
  ],
  [
    'a database that needs quotes',
    staging,
    'staging',
    /database "Boat DB" of boat-service.*lower-case/,
    [...services, { ...boatService, store: { ...boatService.store, database: 'Boat DB' } }],
  ],
];

/** A mistake in where the data lie, what objects are called, and images. */
const placeMistakes: readonly Mistake[] = [
  [
    'a SQLite file beside the volume',
    set(local, 'USER_DB_PATH', '/tmp/users.db'),
    'local/user-service/data',
    /USER_DB_PATH is "\/tmp\/users.db", which is not on the volume.*lost with the pod: give it a path below \/home\/appuser\/app\/data/,
    [users],
  ],
  [
    'a SQLite file that climbs out of the volume',
    set(local, 'USER_DB_PATH', './data/../users.db'),
    'local/user-service/data',
    /USER_DB_PATH is .* not on the volume/,
    [users],
  ],
  ['the volume itself for a SQLite file', set(local, 'USER_DB_PATH', 'data'), 'local/user-service/data', /USER_DB_PATH is .* not on the volume/, [users]],
  [
    'a default that lies beside the volume',
    local,
    'local/boat-service/data',
    /BOAT_DB_PATH is "boats.db", which is not on the volume/,
    withVariable('BOAT_DB_PATH', { kind: 'text', default: 'boats.db', description: 'File' }),
  ],
  ...['data/x/', 'data/x/..db/..', '.'].map((path): Mistake => [
    `a folder for a SQLite file, ${path}`,
    set(local, 'USER_DB_PATH', path),
    'local/user-service/data',
    /USER_DB_PATH is ".*", which is a folder: give it the path of a file below/,
    [users],
  ]),
  [
    'a SQLite file whose name is too long',
    set(local, 'USER_DB_PATH', `data/${'n'.repeat(252)}`),
    'local/user-service/data',
    /USER_DB_PATH has a word of more than 251 bytes/,
    [users],
  ],
  [
    'a SQLite file whose path is too long',
    set(local, 'USER_DB_PATH', `data/${'d/'.repeat(240)}ö.db`),
    'local/user-service/data',
    /USER_DB_PATH is a path of 508 bytes from the root on, and SQLite opens 504 at most: give it a shorter path/,
    [users],
  ],
  [
    'a SQLite file without a path',
    local,
    'local/boat-service/data',
    /BOAT_DB_PATH has no value, so the data would have no file/,
    withVariable('BOAT_DB_PATH', { kind: 'text', description: 'File' }),
  ],
  [
    'a service that is called like a dashboard of all',
    production,
    'production',
    /production\/overview\/dashboard and production\/monitoring\/overview both make the ConfigMap dashboard-overview.*rename the service/,
    withBoat({ name: 'overview' }),
  ],
  [
    'a service that is called like the dashboard of what services depend on',
    production,
    'production',
    /both make the ConfigMap dashboard-dependencies/,
    withBoat({ name: 'dependencies' }),
  ],
  [
    'a service that is called like the policy of all',
    staging,
    'staging',
    /staging\/network\/default-deny and staging\/default-deny\/network-policy both make the NetworkPolicy default-deny/,
    withBoat({ name: 'default-deny' }),
  ],
  [
    'a service that is called like another one’s migration',
    staging,
    'staging',
    /both make the NetworkPolicy user-service-migrate/,
    withBoat({ name: 'user-service-migrate' }),
  ],
  [
    'a service that is called like the Service that an operator makes',
    production,
    'production',
    /production\/user-service\/database and production\/user-service-database-rw\/service both make the Service user-service-database-rw/,
    withBoat({ name: 'user-service-database-rw' }),
  ],
  [
    'a service that is called like another one’s database',
    production,
    'production',
    /both make the NetworkPolicy user-service-database/,
    withBoat({ name: 'user-service-database' }),
  ],
  ...['https://ghcr.io/boats', 'GHCR.io/Boats', '', 'ghcr.io/boats/', 'ghcr.io:port/boats'].map((registry): Mistake => [
    `the registry "${registry}"`,
    { ...staging, images: { kind: 'tagged', registry, tag: '1' } },
    'staging/user-service',
    /is no image reference, such as .*: correct images.registry or images.tag/,
  ]),
  [
    'a tag with a space',
    { ...local, images: { kind: 'built', tag: 'my tag' } },
    'local/user-service',
    /the image tag "my tag" is none: use up to 128 letters.*in images.tag/,
  ],
  [
    'a digest that is cut off',
    production,
    'production/user-service',
    /is no image reference.*correct it in cdk8s\/released-images.json/,
    services,
    { ...released, 'user-service': 'r.example/user-service@sha256:abc' },
  ],
  [
    'the image of another service',
    production,
    'production/user-service',
    /the image .*order-service.* is one of order-service: images are called what their service is called, so name one of user-service in cdk8s/,
    services,
    { 'user-service': released['order-service']!, 'order-service': released['user-service']! },
  ],
  [
    'a port that no registry has',
    { ...staging, images: { kind: 'tagged', registry: 'localhost:70000/boats', tag: '1' } },
    'staging/user-service',
    /the image "localhost:70000\/boats\/user-service:1" is at port 70000: there are 1 to 65535: correct images.registry/,
  ],
  [
    'a registry whose images’ names are too long',
    { ...staging, images: { kind: 'tagged', registry: `r.example/${'b'.repeat(240)}`, tag: '1' } },
    'staging/user-service',
    /has a name of 263 characters: a registry takes 255 at most: correct images.registry/,
  ],
  [
    'a port that no registry of databases has',
    storeOf(staging, { image: 'r.example:0/postgres:17' }),
    'staging/postgres',
    /is at port 0: .*: correct store.image/,
  ],
  [
    'a database’s image by the tag latest',
    storeOf(staging, { image: 'postgres:latest' }),
    'staging/postgres',
    /the image postgres:latest may be another major version tomorrow.*give store.image a version/,
  ],
  [
    'a database’s image with another user',
    storeOf(staging, { image: 'postgres:17-alpine' }),
    'staging/postgres',
    /the image postgres:17-alpine is on Alpine, where PostgreSQL has another user than its pod.*: take one on Debian, such as postgres:17-bookworm/,
  ],
  ['a database’s image without a tag', storeOf(staging, { image: 'postgres' }), 'staging/postgres', /the image postgres may be another major version/],
  [
    'a database’s image that is a URL',
    storeOf(staging, { image: 'https://docker.io/postgres:17' }),
    'staging/postgres',
    /is no image reference.*correct store.image/,
  ],
  [
    'an operator’s image without PostgreSQL’s version',
    storeOf(production, { image: 'ghcr.io/cloudnative-pg/postgresql:latest' }),
    'production/user-service/database',
    /no tag that begins with PostgreSQL's version: take one such as .*:17.6 for store.image/,
  ],
  ...(
    [
      ['ghcr.io/cloudnative-pg/postgresql:17.6', /other users and folders than a store of kind "postgres-server"/],
      ['r.example/cloud-native-pg/postgresql:17', /other users and folders/],
      ['bitnami/postgresql:17', /other users and folders/],
      ['docker.io/bitnamilegacy/postgresql:17.6.0', /other users and folders/],
      ['mysql:17', /is not called PostgreSQL: take one such as postgres:17-bookworm/],
      ['postgres/server:17', /is not called PostgreSQL/],
      ['postgres:bookworm', /no tag that begins with PostgreSQL's version/],
      ['postgres:170', /no tag that begins with PostgreSQL's version/],
      ['postgres:16-bookworm', /is PostgreSQL 16, and the services need 17/],
    ] as const
  ).map(([image, words]): Mistake => [`the server's image ${image}`, storeOf(staging, { image }), 'staging/postgres', words]),
  ...(
    [
      ['postgres:17', /other users and folders than a store of kind "cloud-native-postgres"/],
      ['library/postgres:17', /other users and folders/],
      ['docker.io/postgres:17', /other users and folders/],
      ['docker.io/library/postgres:17', /other users and folders/],
      ['public.ecr.aws/docker/library/postgres:17', /other users and folders/],
      ['r.example/boats:17', /is not called PostgreSQL: take one such as ghcr.io\/cloudnative-pg/],
      ['r.example/postgresql:17-alpine', /is on Alpine/],
      ...['1foo', '17foo', '202401', '17.6.x'].map((tag) => [`r.example/postgresql:${tag}`, /no tag that begins with PostgreSQL's version/] as const),
      ['r.example/postgresql:9.6', /no tag that begins with PostgreSQL's version/],
      ['r.example/postgresql:16.9', /is PostgreSQL 16, and the services need 17/],
    ] as const
  ).map(([image, words]): Mistake => [`the operator's image ${image}`, storeOf(production, { image }), 'production/user-service/database', words]),
];

/** A mistake in a number. */
const numberMistakes: readonly Mistake[] = [
  [
    'a budget below nothing',
    { ...staging, disruption: { maxUnavailable: -1 } },
    'staging/user-service/disruption-budget',
    /maxUnavailable is -1: it must be a whole number of at least 1/,
  ],
  [
    'half a replica that stays',
    { ...staging, disruption: { minAvailable: 0.5 } },
    'staging/user-service/disruption-budget',
    /minAvailable is 0.5: it must be a whole number/,
  ],
  [
    'a budget that keeps nobody',
    { ...staging, disruption: { minAvailable: 0 } },
    'staging/user-service/disruption-budget',
    /minAvailable is 0: it must be a whole number/,
  ],
  ['half a replica at least', { ...production, replicas: { minimum: 2.5 } }, 'production/user-service/autoscaler', /the minimum of 2.5 replicas.*whole number/],
  [
    'half a replica at most',
    overridden(production, { maximumReplicas: 10.5 }),
    'production',
    /overrides\["user-service"\].maximumReplicas is 10.5: it must be a whole number/,
  ],
  [
    'half a replica at most, declared',
    production,
    'production/user-service/autoscaler',
    /the maximum of 10.5 replicas.*whole number/,
    withUsers({ scaling: { maximumReplicas: 10.5, targetCpuPercent: 70 } }),
  ],
  [
    'two thirds of a percent',
    production,
    'production/user-service/autoscaler',
    /targetCpuPercent is 66.6: it must be 1 to 100.*whole percent/,
    withUsers({ scaling: { maximumReplicas: 10, targetCpuPercent: 66.6 } }),
  ],
  ...[1_000_000, 200.5, 0].map((maxConnections): Mistake => [
    `${maxConnections} connections`,
    storeOf(staging, { maxConnections }),
    'staging',
    new RegExp(`store.maxConnections is ${maxConnections}: it must be a whole number from 1 to 262143`),
  ]),
  [
    'half a migration',
    staging,
    'staging/user-service/deployment',
    /schema is 2.5: it must be the number of a migration/,
    withUsers({ store: { ...users.store, schema: 2.5 } }),
  ],
  [
    'more instances than PostgreSQL sends to',
    storeOf(production, { instances: 11 }),
    'production/user-service/database',
    /instances is 11: a primary sends its log to 10 at once.*: give at most 10/,
  ],
  [
    'a schema before the first migration',
    staging,
    'staging/user-service/deployment',
    /schemaMinimum is 0: it must be the number of a migration/,
    withUsers({ store: { ...users.store, schemaMinimum: 0 } }),
  ],
  ...(['2Mi', '16Mi', '127Mi'] as const).map((memory): Mistake => [
    `${memory} of memory`,
    overridden(staging, { resources: { memory } }),
    'staging/user-service/deployment',
    new RegExp(`memory ${memory} is too little, because .*95 MiB: give it at least 128Mi`),
  ]),
  [
    'a pool beside SQLite',
    { ...local, configuration: { DATABASE_POOL_SIZE: 5 } },
    'local',
    /"configuration" of user-service has DATABASE_POOL_SIZE, which only PostgreSQL heeds: leave it out/,
  ],
  [
    'a SQLite file beside PostgreSQL',
    overridden(staging, { configuration: { USER_DB_PATH: './data/x.db' } }),
    'staging',
    /"configuration" of user-service has USER_DB_PATH, which only SQLite heeds: leave it out/,
  ],
  ...(['1m', '19m'] as const).map((cpu): Mistake => [
    `${cpu} of CPU`,
    overridden(staging, { resources: { cpu } }),
    'staging/user-service/deployment',
    new RegExp(`cpu ${cpu} is too little, because .* does not start within its minute: give it at least 20m`),
  ]),
  [
    'less disk than temporary files',
    overridden(staging, { resources: { disk: '16Mi' } }),
    'staging/user-service/deployment',
    /disk 16Mi is too little, because \/tmp alone may hold 32Mi: give it at least 32Mi/,
  ],
  [
    'too little CPU for a database',
    storeOf(staging, { resources: { cpu: '10m', cpuLimit: '1000m', memory: '512Mi', disk: '64Mi' } }),
    'staging/postgres',
    /cpu 10m is too little, because .*PostgreSQL.* does not start within five minutes: give it at least 20m/,
  ],
  [
    'too little CPU for an operator’s database',
    storeOf(production, { resources: { cpu: '1m', cpuLimit: '1000m', memory: '1024Mi' } }),
    'production/user-service/database',
    /cpu 1m is too little/,
  ],
  [
    'too little memory for a database',
    storeOf(staging, { resources: { cpu: '150m', cpuLimit: '1000m', memory: '64Mi', disk: '64Mi' } }),
    'staging/postgres',
    /memory 64Mi is too little, because PostgreSQL's shared buffers.*328Mi/,
  ],
  [
    'too little memory for an operator’s database',
    storeOf(production, { resources: { cpu: '150m', cpuLimit: '1000m', memory: '64Mi' } }),
    'production/user-service/database',
    /memory 64Mi is too little/,
  ],
  ...(
    [
      [staging, 'staging/postgres'],
      [production, 'production/user-service/database'],
    ] as const
  ).map(([of, path]): Mistake => [
    `more connections than the memory of ${path} holds`,
    storeOf(of, { maxConnections: 5_000 }),
    path,
    /memory \d+Mi is too little.*each of 5000 connections takes 1 MiB while it is idle: give it at least 5128Mi, or lower store.maxConnections/,
  ]),
  [
    'as many connections as PostgreSQL can count, in little memory',
    storeOf(staging, { maxConnections: 262_143, resources: { cpu: '150m', cpuLimit: '1000m', memory: '256Mi', disk: '64Mi' } }),
    'staging/postgres',
    /memory 256Mi is too little.*262143 connections.*give it at least 262271Mi, or lower store.maxConnections/,
  ],
  ...(
    [
      ['memory', '67108865Mi', '67108864Mi'],
      ['disk', '1073741824Mi', '67108864Mi'],
      ['cpuLimit', '8192001m', '8192000m'],
    ] as const
  ).map(([name, amount, most]): Mistake => [
    `${name} of ${amount}`,
    overridden(staging, { resources: { [name]: amount } }),
    'staging/user-service/deployment',
    new RegExp(`${name} ${amount} is more than any machine or volume has: give it at most ${most}`),
  ]),
  ...([local, staging, production] as const).map((of): Mistake => [
    `a volume of an exbibyte in ${of.name}`,
    storeOf(of, { size: '1073741824Gi' }),
    { local: 'local/user-service/data', staging: 'staging/postgres', production: 'production/user-service/database' }[of.name]!,
    /size 1073741824Gi is more than any machine or volume has: give it at most 65536Gi/,
  ]),
  ['a size in another unit', storeOf(staging, { size: '1Ei' }), 'staging/postgres', /size is "1Ei": it must be a whole amount above zero with its unit/],
  ...[300_000, 150_000].map((length): Mistake => [
    `an annotation of ${length} bytes`,
    ingressOf(staging, { annotations: { note: '"'.repeat(length) } }),
    'staging/user-service/ingress',
    /the Ingress user-service would have \d+ bytes of annotations with the copy.* takes 262144: shorten the annotations/,
  ]),
  [
    'checks that no annotation holds',
    staging,
    'staging/boat-service/deployment',
    /the Deployment boat-service would have \d+ bytes of annotations.*shorten the annotations, checks/,
    withStep({ ...step, method: 'POST', body: { name: 'b'.repeat(140_000) } }),
  ],
  [
    'an external database on no port',
    { ...production, store: { ...external, port: 0 } },
    'production',
    /store.port is 0: it must be a whole number from 1 to 65535/,
  ],
  ...['300.0.0.0/8', '10.0.0.0/33', '10.0.0.0/08', 'fd00::/129', '10.0.0.0/8/8'].map((cidr): Mistake => [
    `the addresses ${cidr}`,
    { ...production, store: { ...external, cidr } },
    'production',
    /store.cidr is .*: it must be an address range/,
  ]),
];

/** A mistake in a variable. */
const variableMistakes: readonly Mistake[] = [
  [
    'a variable of every service’s declared again',
    staging,
    'staging',
    /boat-service declares PORT, which every service has already: leave it out/,
    withVariable('PORT', { kind: 'integer', minimum: 1, maximum: 2, description: 'Port' }),
  ],
  ...['PATH', 'NODE_OPTIONS', 'MALLOC_ARENA_MAX', 'LD_PRELOAD', 'NODE_EXTRA_CA_CERTS', 'UV_THREADPOOL_SIZE', 'PGHOST', 'PGSSLMODE'].map((name): Mistake => [
    `a variable of the program’s own, ${name}`,
    staging,
    'staging',
    new RegExp(`boat-service declares ${name}, by which its programs are run`),
    withVariable(name, { kind: 'text', description: 'Path' }),
  ]),
  [
    'bounds that no number meets',
    staging,
    'staging',
    /BOATS of boat-service takes from 5 to 1, which no number is/,
    withVariable('BOATS', { kind: 'integer', minimum: 5, maximum: 1, description: 'Boats' }),
  ],
  [
    'bounds that no whole number meets',
    staging,
    'staging',
    /BOATS of boat-service takes from 0.2 to 0.8, where there is no whole number: give bounds that are whole/,
    withVariable('BOATS', { kind: 'integer', minimum: 0.2, maximum: 0.8, description: 'Boats' }),
  ],
  [
    'a URL of no scheme',
    staging,
    'staging',
    /BOATS of boat-service takes URLs of no scheme/,
    withVariable('BOATS', { kind: 'url', schemes: [], description: 'Boats' }),
  ],
  ...['http://', 'HTTP', ''].map((scheme): Mistake => [
    `URLs of the scheme "${scheme}"`,
    staging,
    'staging',
    /BOATS of boat-service takes URLs of the scheme ".*", which no URL has: write it in lower case, without ":\/\/", such as "http", in services/,
    withVariable('BOATS', { kind: 'url', schemes: [scheme], description: 'Boats' }),
  ]),
  [
    'a default that the cluster never sees',
    staging,
    'staging/boat-service/configuration',
    /USER_SERVICE_URL must be an absolute URL .*, not "users": correct its default in services\/boat-service\/service.ts/,
    withVariable('USER_SERVICE_URL', { kind: 'url', schemes: ['http'], default: 'users', description: 'Peer' }),
  ],
  [
    'two checks of one name',
    staging,
    'staging',
    /boat-service has two checks called "a boat": rename one/,
    withBoat({
      checks: [
        { name: 'a boat', steps: [step] },
        { name: 'a boat', steps: [step] },
      ],
    }),
  ],
  ['a tag that would be taken for a port', { ...local, images: { kind: 'built', tag: '5000/foo' } }, 'local/user-service', /the image tag "5000\/foo" is none/],
  ...['boat-key', 'boatKey', '1BOAT', 'BOAT KEY'].map((name): Mistake => [
    `the variable "${name}"`,
    staging,
    'staging',
    /the variable ".*" of boat-service can't be set everywhere: use upper-case letters/,
    withVariable(name, { kind: 'text', description: 'Boats' }),
  ]),
  [
    'a variable that is called like a secret’s file',
    staging,
    'staging',
    /boat-service declares BOAT_KEY_FILE, which names the file of the secret BOAT_KEY/,
    withVariable('BOAT_KEY_FILE', { kind: 'text', description: 'File' }),
  ],
  [
    'a wrong value of a variable that ends in _FILE',
    { ...staging, overrides: { 'boat-service': { configuration: { BOATS_PER_FILE: 'many' } } } },
    'staging/boat-service/configuration',
    /BOATS_PER_FILE must be a whole number from 1 to 9, not "many"/,
    withVariable('BOATS_PER_FILE', { kind: 'integer', minimum: 1, maximum: 9, default: 3, description: 'Boats' }),
  ],
  [
    'a default out of its own bounds',
    staging,
    'staging/boat-service/configuration',
    /BOATS must be a whole number from 1 to 9, not "10"/,
    withVariable('BOATS', { kind: 'integer', minimum: 1, maximum: 9, default: 10, description: 'Boats' }),
  ],
  [
    'a peer’s address that is a secret',
    staging,
    'staging',
    /address of user-service by USER_SERVICE_URL, which is a secret.*leave "secret" out/,
    withVariable('USER_SERVICE_URL', { kind: 'url', schemes: ['http'], secret: true, description: 'Peer' }),
  ],
  [
    'a peer’s address that can’t be one',
    staging,
    'staging',
    /address of user-service by USER_SERVICE_URL, which takes no http:\/\/, by which peers are called: add "http" to its "schemes"/,
    withVariable('USER_SERVICE_URL', { kind: 'url', schemes: ['https'], description: 'Peer' }),
  ],
  [
    'a path that is a number',
    staging,
    'staging',
    /its SQLite file by BOAT_DB_PATH, which is of kind "integer": declare it as "text"/,
    withVariable('BOAT_DB_PATH', { kind: 'integer', minimum: 1, maximum: 2, description: 'File' }),
  ],
  [
    'a secret that the code tells',
    staging,
    'staging',
    /BOAT_PASS of boat-service is a secret with a default, which whoever reads the code knows: leave one of the two out in services/,
    withVariable('BOAT_PASS', { kind: 'text', secret: true, default: 'hunter2', description: 'Password' }),
  ],
  [
    'a limit for clients that their own services share',
    { ...staging, configuration: { RATE_LIMIT_PER_MINUTE: 600, TRUST_PROXY: 1 } },
    'staging',
    /RATE_LIMIT_PER_MINUTE for every service limits user-service too.*a replica of order-service.*: set it in the "overrides" of services that nobody calls/,
  ],
  ...(
    [
      ['a try that may take longer than all', { USER_SERVICE_TIMEOUT_MS: 5_000 }, '5000', '2500'],
      ['less time for all tries than for one', { USER_SERVICE_DEADLINE_MS: '500' }, '800', '500'],
    ] as const
  ).map(([what, configuration, timeout, deadline]): Mistake => [
    what,
    { ...staging, overrides: { 'order-service': { configuration } } },
    'staging/order-service/configuration',
    new RegExp(`USER_SERVICE_TIMEOUT_MS ${timeout} is above USER_SERVICE_DEADLINE_MS ${deadline}, .*: lower it, or raise USER_SERVICE_DEADLINE_MS`),
  ]),
  [
    'the database’s password in the ConfigMap',
    set(staging, 'DATABASE_PASSWORD', 'hunter2'),
    'staging/user-service/configuration',
    /put it into the Secret user-service-database, which an environment on PostgreSQL reads/,
  ],
  [
    'the database’s URL in the ConfigMap',
    set(local, 'DATABASE_URL', 'postgres://db/x'),
    'local/user-service/configuration',
    /put its password into the Secret user-service-database/,
  ],
  [
    'a service’s own secret in the ConfigMap',
    { ...staging, overrides: { 'boat-service': { configuration: { BOAT_KEY: 'hunter2' } } } },
    'staging/boat-service/configuration',
    /BOAT_KEY is a secret.*put it into the Secret boat-service-secrets, never/,
    withBoat({}),
  ],
];

/** A mistake in what an environment is, and in names and labels that the cluster knows. */
const nameMistakes: readonly Mistake[] = [
  [
    'an environment’s name in upper case',
    { ...staging, name: 'Staging_EU' },
    file,
    /the name "Staging_EU" can't name .*namespace berth-<name>: use lower-case.* 57 characters at most/,
  ],
  ['an environment’s name that is too long', { ...staging, name: 'e'.repeat(58) }, file, /can't name an environment's folder/],
  ['an environment’s name that leads out of the folder', { ...staging, name: '../evil' }, file, /the name "..\/evil" can't name/],
  ['an environment that is called like a part of JavaScript', { ...staging, name: 'constructor' }, file, /an environment can't be called constructor/],
  ['a service that is called like a part of JavaScript', staging, 'staging', /a service can't be called constructor/, withBoat({ name: 'constructor' })],
  ['an environment without a name', { ...staging, name: '' }, file, /the name "" can't name/],
  ['an environment of nothing', { ...staging, services: [] }, 'staging', /"services" names none, so nothing would run/],
  ['a service that is listed twice', { ...staging, services: ['user-service', 'user-service'] }, 'staging', /"services" names user-service twice/],
  ['a store that there isn’t', storeOf(staging, { kind: 'mysql' }), 'staging', /store.kind is "mysql": it must be "sqlite" or "postgres-server" or/],
  [
    'images that there aren’t',
    { ...staging, images: { kind: 'pushed' } as unknown as Environment['images'] },
    'staging',
    /images.kind is "pushed": it must be "built" or "tagged"/,
  ],
  [
    'production by tag',
    { ...production, images: { kind: 'tagged', registry: 'ghcr.io/boats', tag: '1.0.0' } },
    'production',
    /images.kind is "tagged": it must be "released" in production: by digest/,
  ],
  [
    'a part of production by tag',
    { ...production, name: 'production-eu', images: { kind: 'built', tag: '1.0.0' } },
    'production-eu',
    /images.kind is "built": it must be "released" in production/,
  ],
  ...[local, staging, production].flatMap((of) =>
    ['', 'Fast SSD'].map((storageClass): Mistake => [
      `the storage class "${storageClass}" in ${of.name}`,
      storeOf(of, { storageClass }),
      of.name,
      /store.storageClass is ".*": it must be lower-case letters, digits, dashes and dots/,
    ]),
  ),
  ['an Ingress’ class with a space', ingressOf(staging, { className: 'my nginx' }), 'staging', /ingress.className is "my nginx": it must be lower-case/],
  [
    'a certificate’s Secret in upper case',
    ingressOf(staging, { tlsSecret: 'Berth_TLS' }),
    'staging',
    /ingress.tlsSecret is "Berth_TLS": it must be lower-case/,
  ],
  [
    'an annotation’s key with a space',
    ingressOf(staging, { annotations: { 'my key': 'x' } }),
    'staging',
    /a key of ingress.annotations is "my key": it must be a word/,
  ],
  [
    'an annotation’s key whose domain is too long',
    ingressOf(staging, { annotations: { [`${'a.'.repeat(126)}aa/note`]: 'x' } }),
    'staging',
    /a key of ingress.annotations is ".*": it must be a word .*with a domain of at most 253 characters/,
  ],
  [
    'a label’s key whose domain is in upper case',
    ingressOf(staging, { controller: { namespace: 'ingress', labels: { 'Berth.example/note': 'x' } } }),
    'staging',
    /a key of ingress.controller.labels is "Berth.example\/note": it must be a word/,
  ],
  ['an annotation that is no text', ingressOf(staging, { annotations: { key: true } }), 'staging', /ingress.annotations\["key"\] is true: it must be a text/],
  ...['user-service-database', 'boat-service-secrets', 'postgres-superuser'].map((tlsSecret): Mistake => [
    `the Secret ${tlsSecret} for a certificate`,
    ingressOf(staging, { tlsSecret }),
    'staging',
    /ingress.tlsSecret is ".*", which holds passwords and no certificate: name the Secret of the host's certificate/,
    withBoat({}),
  ]),
  [
    'a controller’s namespace in upper case',
    ingressOf(staging, { controller: { namespace: 'Ingress', labels: { a: 'b' } } }),
    'staging',
    /ingress.controller.namespace is "Ingress": it must be lower-case/,
  ],
  [
    'a controller of no label',
    ingressOf(staging, { controller: { namespace: 'ingress', labels: {} } }),
    'staging',
    /ingress.controller.labels is {}: it must be at least one label, or every pod of the namespace would be meant/,
  ],
  ['a Prometheus of no label', monitoringOf(staging, { prometheus: { namespace: 'monitoring', labels: {} } }), 'staging', /monitoring.prometheus.labels is {}/],
  ['an operator of no label', storeOf(production, { operator: { namespace: 'cnpg-system', labels: {} } }), 'production', /store.operator.labels is {}/],
  [
    'a label’s value with a space',
    monitoringOf(staging, { prometheus: { namespace: 'monitoring', labels: { app: 'my prometheus' } } }),
    'staging',
    /monitoring.prometheus.labels\["app"\] is "my prometheus": it must be letters/,
  ],
  [
    'a label’s value that is too long',
    monitoringOf(staging, { prometheus: { namespace: 'monitoring', labels: { app: 'p'.repeat(64) } } }),
    'staging',
    /monitoring.prometheus.labels\["app"\] is "p+": it must be .*63 characters at most/,
  ],
  [
    'a label’s key of two slashes',
    monitoringOf(production, { operators: { ...production.monitoring!.operators, labels: { 'a/b/c': '1' } } }),
    'production',
    /a key of monitoring.operators.labels is "a\/b\/c": it must be a word/,
  ],
  ...['name', 'component', 'part-of'].flatMap((word) =>
    (['labels', 'dashboardLabels'] as const).map((member): Mistake => [
      `the label ${word} in ${member}`,
      monitoringOf(production, { operators: { ...production.monitoring!.operators, [member]: { [`app.kubernetes.io/${word}`]: 'kube-prometheus-stack' } } }),
      'production',
      new RegExp(`monitoring.operators.${member}\\["app.kubernetes.io/${word}"\\] is "kube-prometheus-stack": it must be left out: synth sets it itself`),
    ]),
  ),
  [
    'dashboards of no label',
    monitoringOf(production, { operators: { ...production.monitoring!.operators, dashboardLabels: {} } }),
    'production',
    /monitoring.operators.dashboardLabels is {}.*sidecar would find no dashboard/,
  ],
  [
    'runbooks with a slash at the end',
    monitoringOf(production, { operators: { ...production.monitoring!.operators, runbooks: 'https://berth.example/' } }),
    'production',
    /monitoring.operators.runbooks is .*: it must be the URL of a folder: .*no slash at its end/,
  ],
  [
    'runbooks at a URL that is none',
    monitoringOf(production, { operators: { ...production.monitoring!.operators, runbooks: 'https://:80:x/a' } }),
    'production',
    /monitoring.operators.runbooks is "https:\/\/:80:x\/a": it must be the URL of a folder/,
  ],
  [
    'a strategy that there isn’t',
    { ...staging, strategy: 'Rolling' as 'Recreate' },
    'staging',
    /strategy is "Rolling": it must be "Recreate" or "RollingUpdate"/,
  ],
];

/** A mistake in what a service declares of its name, metrics, flows, checks and paths. */
const declarationMistakes: readonly Mistake[] = [
  [
    'a service that is called like every namespace’s account',
    staging,
    'staging',
    /can't be called default: every namespace has a ServiceAccount/,
    withBoat({ name: 'default' }),
  ],
  ...['none', 'streaming-replica'].map((name): Mistake => [
    `the name ${name}, which PostgreSQL keeps`,
    staging,
    'staging',
    new RegExp(`name "${name}" can't name the service's role in PostgreSQL`),
    withBoat({ name }),
  ]),
  ['the name localhost', staging, 'staging', /can't be called localhost: its callers would call themselves/, withBoat({ name: 'localhost' })],
  [
    'a name that is too long for its migration',
    production,
    'production',
    /name "b{39}" can't name a Service.* 38 characters at most/,
    withBoat({ name: 'b'.repeat(39) }),
  ],
  ...['user id', 'le', '__name__', 'job', 'namespace', 'pod', 'größe'].map((label): Mistake => [
    `the metric’s label "${label}"`,
    production,
    'production/boat-service/service-monitor',
    /the label ".*" of the metric boats can't be scraped: use letters/,
    withMetric('boats', label),
  ]),
  [
    'a metric’s label where no operator looks for metrics',
    staging,
    'staging/boat-service',
    /the label "le" of the metric boats can't be scraped/,
    withMetric('boats', 'le'),
  ],
  [
    'a metric’s label that is declared twice',
    production,
    'production/boat-service/service-monitor',
    /the metric boats has the label kind twice/,
    withMetric('boats', 'kind', 'kind'),
  ],
  ...['process_cpu_seconds_total', 'nodejs_version_info', 'up', 'scrape_boats'].map((name): Mistake => [
    `the metric ${name}`,
    production,
    'production/boat-service/service-monitor',
    /is measured by Node.js' client or by Prometheus itself: give it another name/,
    withMetric(name),
  ]),
  [
    'a metric that is called like a part of another',
    production,
    'production/boat-service/service-monitor',
    /the metric http_request_duration_seconds_sum is declared twice/,
    withMetric('http_request_duration_seconds_sum'),
  ],
  [
    'a flow of no step',
    production,
    'production',
    /the flow boat of boat-service has no step, so its dashboard would show nothing.*services\/boat-service\/service.ts/,
    withBoat({ flows: [{ name: 'boat', title: 'Boat', steps: [] }] }),
  ],
  ...['/api/v1/boats', '/api/v1', 'boats', '/boats/:id', '/boats/', '/boats"'].map((route): Mistake => [
    `the flow’s route ${route}`,
    production,
    'production',
    /the route ".*" of the flow boat of boat-service is on no request's label: write it as OpenAPI does, without \/api\/v1/,
    withRoute(route),
  ]),
  [
    'a flow whose dashboard’s name is too long',
    production,
    'production',
    /the flow "b{59}" of boat-service can't name a dashboard.* 58 characters at most/,
    withBoat({ flows: [{ ...orders.flows[0]!, name: 'b'.repeat(59) }] }),
  ],
  ['a check of no step', staging, 'staging', /the check "a boat" of boat-service has no step, so it would prove nothing/, withStep()],
  [
    'a check’s path without a slash',
    staging,
    'staging',
    /the check "a boat" of boat-service calls "boats".*: begin the path with a slash in services\/boat-service\/service.ts/,
    withStep({ ...step, path: 'boats' }),
  ],
  [
    'a placeholder that nothing keeps',
    staging,
    'staging',
    /uses {boat} in GET \/boats\/{boat}, which no earlier step keeps: there are {unique}/,
    withStep({ ...step, path: '/boats/{boat}', keep: { boat: 'id' } }),
  ],
  [
    'a placeholder of a body that nothing keeps',
    staging,
    'staging',
    /uses {name} in POST \/boats, which no earlier step keeps/,
    withStep({ ...step, method: 'POST', body: { name: 'Boat {name}' } }),
  ],
  [
    'a placeholder deep in a body that nothing keeps',
    staging,
    'staging',
    /uses {boat} in POST \/boats, which no earlier step keeps: there are {unique}/,
    withStep({ ...step, method: 'POST', body: { parts: [{ of: ['{unique}', { boat: '{boat}' }] }] } }),
  ],
  ...['//evil', '/boats//1', '/boats/../users', '/boats/.', '/boats#1', '/my boats', '/boats\\1', '/boats?name=a b'].map((path): Mistake => [
    `a check’s path ${path}`,
    staging,
    'staging',
    /calls ".*", which no route is called: write the path without empty words/,
    withStep({ ...step, path }),
  ]),
  ...[204, 205, 304].map((status): Mistake => [
    `something to keep of an answer ${status}`,
    staging,
    'staging',
    new RegExp(`keeps boat of GET /boats, whose answer ${status} has no content: leave "keep" out, or expect another status`),
    withStep({ ...step, status, keep: { boat: 'id' } }),
  ]),
  ...[99, 600, 200.5, 101].map((status): Mistake => [
    `the status ${status}`,
    staging,
    'staging',
    new RegExp(`expects the status ${status} of GET /boats, which no answer has: expect one from 200 to 599`),
    withStep({ ...step, status }),
  ]),
  ['a body that can’t be sent', staging, 'staging', /sends a body with GET \/boats/, withStep({ ...step, body: {} })],
  [
    'a word that no placeholder can name',
    staging,
    'staging',
    /keeps "boat-id" of GET \/boats, which no placeholder can name/,
    withStep({ ...step, keep: { 'boat-id': 'id' } }),
  ],
  [
    'a check that leaves behind what it makes',
    staging,
    'staging',
    /makes something by POST \/boats \(201\) and has no later step of its own that removes it: add one with "cleanUp": true/,
    withStep({ ...step, method: 'POST', status: 201 }),
  ],
  [
    'a check that removes one of two',
    staging,
    'staging',
    /makes something by POST \/boats \(201\) and has no later step/,
    withStep(make, { ...make, path: '/sails' }, remove),
  ],
  ['a check that removes before it makes', staging, 'staging', /makes something by POST \/boats \(201\) and has no later step/, withStep(remove, make)],
  [
    'a clean-up that removes nothing',
    staging,
    'staging',
    /cleans up by GET \/boats, which removes nothing: leave "cleanUp" out/,
    withStep({ ...step, cleanUp: true }),
  ],
  [
    'a word to keep that every check has',
    staging,
    'staging',
    /keeps "unique" of GET \/boats, which is the name of a fresh word in every check: choose another/,
    withStep({ ...step, keep: { unique: 'id' } }),
  ],
  ...['{b', '{}', '{boat-id}', 'b}', '{{unique}}'].flatMap((found): Mistake[] => [
    [
      `"${found}" in a check’s path`,
      staging,
      'staging',
      /has ".*" in GET \/boats\/.*, which is no placeholder: write letters, digits and underscores between braces/,
      withStep({ ...step, path: `/boats/${found}` }),
    ],
    [
      `"${found}" in a check’s body`,
      staging,
      'staging',
      /has ".*" in POST \/boats, which is no placeholder/,
      withStep({ ...step, method: 'POST', body: { parts: [found] } }),
    ],
  ]),
  ...['/boats/%zz', '/boats/%', '/boats?name=%a', '/boats/%ff'].map((path): Mistake => [
    `a check’s path ${path}`,
    staging,
    'staging',
    /calls ".*", in which a percent sign begins no character: write the sign itself as "%25"/,
    withStep({ ...step, path }),
  ]),
  ...['/boats/', '/boats//x', '/boats/{id}', '/bøats', '/boats.v1', '/boats/..', '/api/v1/boats', '/API/v1'].map((path): Mistake => [
    `the path ${path}`,
    staging,
    'staging/boat-service/ingress',
    /the path ".*" can't be routed: it must be letters, digits, dashes and underscores between slashes, none at its end/,
    withBoat({ paths: [path] }),
  ]),
  ...['/metrics', '/health', '/health/live', '/docs', '/version', '/docs/boats', '/Health'].map((path): Mistake => [
    `the path ${path}`,
    staging,
    'staging/boat-service/ingress',
    /the path ".*" is every service's own and for inside only/,
    withBoat({ paths: [path] }),
  ]),
  ['the path of half the prefix', staging, 'staging/boat-service/ingress', /the path "\/api" can't be routed/, withBoat({ paths: ['/api'] })],
];

/** What is said and nothing would heed, and what isn't said. */
const ignoredMistakes: readonly Mistake[] = [
  [
    'a misspelt member',
    { ...staging, overide: {} } as Environment,
    'staging',
    /the environment has "overide", which nothing reads: there are name, services, .*correct its name/,
  ],
  [
    'a misspelt member of an override',
    overridden(staging, { replica: 3 } as ServiceOverride),
    'staging',
    /overrides\["user-service"\] has "replica", which nothing reads: there are replicas,/,
  ],
  [
    'a misspelt amount',
    overridden(staging, { resources: { mem: '512Mi' } } as ServiceOverride),
    'staging',
    /overrides\["user-service"\].resources has "mem", which nothing reads/,
  ],
  [
    'a member of another store',
    storeOf(local, { maxConnections: 5 }),
    'local',
    /store has "maxConnections", which nothing reads: there are kind, size, storageClass/,
  ],
  ['a store without a size', storeOf(staging, { size: undefined }), 'staging', /store lacks "size": give it/],
  ['an environment without a store', { ...staging, store: undefined } as unknown as Environment, 'staging', /the environment lacks "store": give it/],
  ['a controller without labels', ingressOf(staging, { controller: { namespace: 'x', label: {} } }), 'staging', /ingress.controller lacks "labels": give it/],
  ['an autoscaler without a minimum', { ...production, replicas: { min: 3 } } as unknown as Environment, 'production', /replicas lacks "minimum": give it/],
  [
    'an override of a service that isn’t deployed',
    { ...staging, services: ['user-service'], overrides: { 'order-service': { replicas: 3 } } },
    'staging',
    /"overrides" is about order-service, which isn't deployed here: add order-service to "services"/,
  ],
  [
    'a maximum without an autoscaler',
    overridden(staging, { maximumReplicas: 5 }),
    'staging',
    /maximumReplicas of user-service bounds an autoscaler, and its replicas are always 2: give "replicas" a minimum/,
  ],
  [
    'a disruption budget of one replica',
    overridden(staging, { replicas: 1, disruption: { maxUnavailable: 1 } }),
    'staging',
    /"disruption" of user-service says how many of several replicas/,
  ],
  [
    'a disruption budget where everything is one replica',
    { ...local, disruption: { maxUnavailable: 1 } },
    'local',
    /"disruption" says how many of several replicas may go at once, and there is one/,
  ],
];

/** Another kind of thing than the type has, as who runs no type-check may write it. */
const shapeMistakes: readonly Mistake[] = (
  [
    ['one service for a list', { services: 'user-service' }, /services is "user-service": it must be "all", or a list/],
    ['a service that is a number', { services: ['user-service', 7] }, /services\[1\] is 7: it must be a text/],
    ['replicas in quotes', { replicas: '2' }, /replicas is "2": it must be a number, or an object with minimum/],
    ['replicas of nothing', { replicas: null }, /replicas is null: it must be a number/],
    ['a minimum in quotes', { replicas: { minimum: '3' } }, /replicas.minimum is "3": it must be a number/],
    ['an Ingress that is just wished for', { ingress: true }, /ingress is true: it must be an object with className, host, tlsSecret/],
    ['no Ingress by null', { ingress: null }, /ingress is null: it must be an object with className/],
    ['a list of Ingresses', { ingress: [staging.ingress] }, /ingress is a list: it must be an object/],
    ['an override of nothing', { overrides: { 'user-service': null } }, /overrides\["user-service"\] is null: it must be an object with replicas/],
    ['a variable of nothing', { configuration: { LOG_LEVEL: null } }, /configuration\["LOG_LEVEL"\] is null: it must be a text, a number, true or false/],
    ['a variable that is unset here', { configuration: { LOG_LEVEL: undefined } }, /configuration\["LOG_LEVEL"\] is undefined/],
    ['a secret in a list', { configuration: { DATABASE_PASSWORD: ['hunter2'] } }, /configuration\["DATABASE_PASSWORD"\] is a list: it must be a text/],
    ['a store that is a word', { store: 'sqlite' }, /store is "sqlite": it must be an object with a kind/],
    ['overrides in a Map', { overrides: new Map() }, /overrides is an instance of a class: it must be an object/],
    ['an Ingress of a class', { ingress: Object.create(staging.ingress!) as object }, /ingress is an instance of a class: it must be an object with className/],
    ...['\0', '\x1b', '\x7f', '\x85', '\ufffe', '\uffff', '\ud800', '\udfff'].map(
      (character) =>
        [
          `the character ${JSON.stringify(character)} in a value`,
          { configuration: { LOG_LEVEL: `in${character}fo` } },
          /configuration\["LOG_LEVEL"\] has the character U\+[0-9A-F]{4} in it, which no manifest can hold: leave it out/,
        ] as const,
    ),
    ['a control character in a key', { configuration: { 'LOG\x07': 'info' } }, /a key of configuration has the character U\+0007 in it/],
    ['a budget that is a share', { disruption: { maxUnavailable: '25%' } }, /disruption.maxUnavailable is "25%": it must be a number/],
  ] as const
).map(([what, changes, words]): Mistake => [what, { ...staging, ...changes } as unknown as Environment, 'staging', words]);

const furtherShapeMistakes: readonly Mistake[] = [
  [
    'labels of nothing',
    ingressOf(staging, { controller: { namespace: 'ingress', labels: null } }),
    'staging',
    /ingress.controller.labels is null: it must be an object/,
  ],
  [
    'an amount without quotes',
    overridden(staging, { resources: { memory: 256 } } as unknown as ServiceOverride),
    'staging',
    /overrides\["user-service"\].resources.memory is 256: it must be a text such as "256Mi"/,
  ],
];

const all = [
  ...mistakes,
  ...placeMistakes,
  ...numberMistakes,
  ...variableMistakes,
  ...nameMistakes,
  ...declarationMistakes,
  ...ignoredMistakes,
  ...shapeMistakes,
  ...furtherShapeMistakes,
];

describe('synth refuses', () => {
  it.each(all.map((mistake) => ({ what: mistake[0], mistake })))('$what', ({ mistake: [, where, path, words, declarations = services, images = released] }) => {
    const faults = faultsOf(where, declarations, images).filter((fault) => fault.startsWith(`${path}: `));
    expect(faults).toContainEqual(expect.stringMatching(words) as string);
  });

  it('nothing of the environments as they are', () => {
    for (const { name } of environments) expect(faultsOf(name)).toEqual([]);
    expect(faultsOf({ ...production, store: external })).toEqual([]);
    for (const { name } of environments) expect(faultsOf(name, [...services, boatService])).toEqual([]);
  });

  it.each([
    ['an empty value, which is an unset one', set(staging, 'DATABASE_POOL_SIZE', '')],
    ['an empty limit, which is none', set(staging, 'RATE_LIMIT_PER_MINUTE', '')],
    [
      'a limit of a called service’s own',
      {
        ...staging,
        configuration: { RATE_LIMIT_PER_MINUTE: 600, TRUST_PROXY: 1 },
        overrides: { 'user-service': { configuration: { RATE_LIMIT_PER_MINUTE: 60_000 } } },
      },
    ],
    [
      'a limit that a called service is taken out of',
      {
        ...staging,
        configuration: { RATE_LIMIT_PER_MINUTE: 600, TRUST_PROXY: 1 },
        overrides: { 'user-service': { configuration: { RATE_LIMIT_PER_MINUTE: '' } } },
      },
    ],
    [
      'a try that takes all the time',
      { ...staging, overrides: { 'order-service': { configuration: { USER_SERVICE_TIMEOUT_MS: 2_500, USER_SERVICE_MAX_TRIES: 1 } } } },
    ],
    ['a SQLite file in a folder of the volume', { ...local, overrides: { 'user-service': { configuration: { USER_DB_PATH: 'data/../data/all/users.db' } } } }],
    ['the longest path of a SQLite file', { ...local, overrides: { 'user-service': { configuration: { USER_DB_PATH: `data/${'d/'.repeat(239)}.db` } } } }],
    ['addresses of IPv6', { ...production, store: { ...external, cidr: 'fd00:10::/64' } }],
    ['a wildcard for a host', { ...staging, ingress: { ...staging.ingress!, host: '*.berth.example' } }],
    ['this machine for a host', { ...staging, ingress: { ...staging.ingress!, host: 'localhost' } }],
    ['an address of IPv6 for a host', { ...production, store: { ...external, host: 'fd00::7', cidr: 'fd00::/64' } }],
    ['half of the addresses', { ...production, store: { ...external, cidr: '0.0.0.0/1' } }],
    ['every address', { ...production, store: { ...external, cidr: '0.0.0.0/0' } }],
    ['an address for a host', { ...production, store: { ...external, host: '10.0.0.7' } }],
    ['a registry with a port and a path', { ...staging, images: { kind: 'tagged', registry: 'localhost:5000/team__a/berth', tag: 'v1.2_RC.1' } }],
    ['a database’s image by digest', storeOf(staging, { image: `postgres@sha256:${'a'.repeat(64)}` })],
    ['a copy of a database’s image', storeOf(staging, { image: 'r.example:5000/library/postgres:18.1-trixie' })],
    ['a database’s image with PostGIS', storeOf(staging, { image: 'postgis/postgis:17-3.5' })],
    ['an operator’s image with all of its tag', storeOf(production, { image: 'r.example/postgresql:17.6-202511170810-standard-trixie' })],
    ['an operator’s image by tag and digest', storeOf(production, { image: `ghcr.io/cloudnative-pg/postgresql:17.6@sha256:${'a'.repeat(64)}` })],
    [
      'a database whose limit is below what preparing it reserves',
      storeOf(staging, { resources: { cpu: '20m', cpuLimit: '20m', memory: '512Mi', disk: '64Mi' } }),
    ],
    [
      'as much memory as the connections need',
      storeOf(staging, { maxConnections: 128, resources: { cpu: '20m', cpuLimit: '20m', memory: '256Mi', disk: '64Mi' } }),
    ],
    ['an annotation of a domain in upper case', ingressOf(staging, { annotations: { 'Berth.example/Note': 'x', [`${'a.'.repeat(126)}a/note`]: 'x' } })],
    ['an annotation that the copy still fits beside', ingressOf(staging, { annotations: { note: 'a'.repeat(130_000) } })],
    ['the longest name of an environment', { ...staging, name: 'e'.repeat(57) }],
    [
      'another label of Kubernetes’ own for the operator',
      monitoringOf(production, { operators: { ...production.monitoring!.operators, labels: { 'app.kubernetes.io/instance': 'prometheus' } } }),
    ],
    ['a class with dots', ingressOf(staging, { className: 'webapprouting.kubernetes.azure.com' })],
  ] satisfies (readonly [string, Environment])[])('not %s', (_what, where) => expect(faultsOf(where)).toEqual([]));

  it('no step that the checks carry out', () => {
    const steps: CheckStep[] = [
      { ...step, method: 'POST', body: { parts: [{ name: 'Boat {unique}', masts: null, sails: 2 }] }, keep: { boat: 'id' } },
      { ...step, path: '/boats/{boat}?deck=//upper/../lower', status: 404 },
      { ...step, path: '/boats/%C3%A9%25?name={unique}%20{boat}' },
      ...[make, remove, make, { ...make, method: 'PUT' as const }, remove, remove],
    ];
    expect(faultsOf(staging, withStep(...steps))).toEqual([]);
  });

  it('only the steps of a check whose own things are left', () => {
    const steps = [make, remove, { ...make, path: '/sails' }];
    expect(faultsOf(staging, withStep(...steps))).toEqual([expect.stringContaining('makes something by POST /sails (201)')]);
  });

  it('no path that an Ingress and a service take', () => {
    for (const { name } of environments) expect(faultsOf(name, withBoat({ paths: ['/boat_types', '/boats', '/Boats', '/boats/small-ones'] }))).toEqual([]);
  });

  it('to remove every manifest because there is no environment', () => {
    expect(environmentNameFaults([])).toEqual([`${file}: there is no environment, so every manifest would be removed: write one`]);
    expect(environmentNameFaults(environments)).toEqual([]);
  });

  it('entries of the list of environments that are none', () => {
    for (const entry of [undefined, null, {}, 'staging', { name: 7 }, { name: Symbol('staging') }] as unknown as Environment[]) {
      expect(environmentNameFaults([staging, entry])).toEqual([`${file}: environments[1] has no name: write an environment with one, or leave it out`]);
      expect(faultsOf({ ...staging, name: entry as unknown as string })).toHaveLength(entry === ('staging' as unknown) ? 0 : 1);
    }
  });

  it('characters in a declaration that no manifest can hold', () => {
    const check = { name: 'a boat', steps: [{ ...step, method: 'POST', body: { parts: [{ name: 'Boat\b', 'key\0': 1 }] } }] };
    expect(declarationShape.faults('', { ...boatService, description: 'Boats\x1b', checks: [check] })).toEqual([
      'description has the character U+001B in it, which no manifest can hold: leave it out',
      'checks[0].steps[0].body["parts"][0]["name"] has the character U+0008 in it, which no manifest can hold: leave it out',
      'a key of checks[0].steps[0].body["parts"][0] has the character U+0000 in it, which no manifest can hold: leave it out',
    ]);
    expect(declarationShape.faults('', { ...boatService, description: 'Boats\t\r\n⛵ größer\u00a0' })).toEqual([]);
  });

  it('with every fault at once, each beside its construct', () => {
    const faults = faultsOf({ ...set(local, 'LOG_LEVEL', 'loud'), replicas: 2, strategy: 'RollingUpdate' });
    expect(faults.map((fault) => fault.replace(/:.*/, ''))).toEqual([
      ...['local/order-service/data', 'local/order-service/data', 'local/order-service/configuration'],
      ...['local/user-service/data', 'local/user-service/data', 'local/user-service/configuration'],
    ]);
  });

  it('without ever showing the secret', () => {
    const faults = [...faultsOf(set(staging, 'DATABASE_PASSWORD', 'hunter2')), ...faultsOf(set(staging, 'DATABASE_URL', 'postgres://me:hunter2@db/x'))];
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.join()).not.toContain('hunter2');
  });

  it('more than fifteen different mistakes', () => expect(mistakes.length).toBeGreaterThan(15));
});

import { isIP } from 'node:net';
import type { KubernetesObject } from '../manifests/kubernetes-object';
import { workloadsOf } from './pod-findings';
import { type Container, containersOf, podSpecOf } from '../manifests/pod-spec';
import { isSeen, type Scene } from './scene';
import { isHeadless } from './services';

/** What a workload's configuration says that it talks to inside the cluster. */
export interface Connection {
  readonly workload: KubernetesObject;
  /** The variable that says it. */
  readonly variable: string;
  /** Where the variable is written: `the ConfigMap settings`, or `its container app`. */
  readonly source: string;
  /** The address without user, password and query. */
  readonly shown: string;
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Namespace and name of the Service that the host stands for. */
  readonly namespace: string;
  readonly serviceName: string;
  /** Nothing when there is none of that name. */
  readonly service?: KubernetesObject;
}

interface Variable {
  readonly name: string;
  readonly value: string;
  readonly source: string;
}

/** Schemes of addresses that name a host of the network, not a bucket or an application, and their ports: 0 where none is agreed on. */
const defaultPorts: Readonly<Record<string, number>> = {
  http: 80,
  https: 443,
  ws: 80,
  wss: 443,
  grpc: 0,
  grpcs: 0,
  tcp: 0,
  tls: 0,
  postgres: 5432,
  postgresql: 5432,
  mysql: 3306,
  mariadb: 3306,
  mongodb: 27017,
  redis: 6379,
  rediss: 6379,
  memcached: 11211,
  amqp: 5672,
  amqps: 5671,
  nats: 4222,
  kafka: 0,
  mqtt: 1883,
  mqtts: 8883,
  smtp: 0,
  smtps: 465,
  ldap: 389,
  ldaps: 636,
  ftp: 21,
  sftp: 22,
  ssh: 22,
};

/** Schemes of what keeps data. */
const databases = new Set(['postgres', 'postgresql', 'mysql', 'mariadb', 'mongodb', 'redis']);

/** Whether a connection leads to a database. */
export function isDatabase({ scheme }: Connection): boolean {
  return databases.has(scheme);
}

/** Every address inside the cluster in the configuration of the stack's workloads. Secrets are not read, so an address in one is not seen. */
export function connectionsOf(scene: Scene): readonly Connection[] {
  if (!isSeen(scene, 'services')) return [];
  const namespaces = new Set(scene.objects.flatMap(({ reference: { namespace } }) => namespace ?? []));
  return workloadsOf(scene).flatMap((workload) => {
    const found = containersOf(podSpecOf(workload)).flatMap((container) =>
      variablesOf(container, workload, scene).flatMap((variable) => connectionOf(workload, variable, scene, namespaces) ?? []),
    );
    return [...new Map(found.map((connection) => [`${connection.variable} ${connection.shown}`, connection])).values()];
  });
}

function variablesOf({ name: container, env = [], envFrom = [] }: Container, { metadata: { namespace } }: KubernetesObject, scene: Scene): Variable[] {
  const data = (name: string | undefined) =>
    (scene.configMaps.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace) as { data?: Record<string, string> } | undefined)
      ?.data ?? {};
  const own = env.flatMap(({ name, value, valueFrom }) => {
    const key = valueFrom?.configMapKeyRef;
    if (value !== undefined) return [{ name, value, source: `its container ${container}` }];
    return key === undefined ? [] : [{ name, value: data(key.name)[key.key] ?? '', source: `the ConfigMap ${key.name}` }];
  });
  const whole = envFrom.flatMap(({ prefix = '', configMapRef }) =>
    Object.entries(data(configMapRef?.name)).map(([name, value]) => ({ name: prefix + name, value, source: `the ConfigMap ${configMapRef?.name}` })),
  );
  const names = new Set(own.map(({ name }) => name));
  return [...own, ...whole.filter(({ name }) => !names.has(name))];
}

function connectionOf(workload: KubernetesObject, { name, value, source }: Variable, scene: Scene, namespaces: ReadonlySet<string>): Connection | undefined {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) && URL.canParse(value) ? new URL(value) : undefined;
  if (url !== undefined && !namesHost(url)) return undefined;
  const host = (url?.hostname ?? (/HOST$/.test(name) ? value : '')).replace(/\.$/, '').toLowerCase();
  const own = workload.metadata.namespace!;
  const place = knowsItself(workload, host) ? undefined : placeOf(host, own, namespaces);
  if (place === undefined) return undefined;
  const service = serviceAt(scene, place);
  // a bare name may be anything, and pods have names too
  if (service === undefined && (url === undefined || isPodName(host, own, scene))) return undefined;
  const scheme = url?.protocol.slice(0, -1) ?? (name.startsWith('PG') ? 'postgres' : '');
  const port = url?.port ? Number(url.port) : (defaultPorts[scheme] ?? 0);
  const path = url?.pathname ?? '';
  const shown = url === undefined ? host : `${scheme}://${url.host}${isDatabaseScheme(scheme) || path !== '/' ? path : ''}`;
  return { workload, variable: name, source, shown, scheme, host, port, path, ...place, ...(service && { service }) };
}

/** A driver may follow, as in `postgresql+asyncpg`; of `mongodb+srv` the name is that of a record that tells the hosts. */
function namesHost({ protocol }: URL): boolean {
  const [scheme = '', driver] = protocol.slice(0, -1).split('+');
  return Object.hasOwn(defaultPorts, scheme) && driver !== 'srv';
}

/** Whether pods have a host in a file of their own, which is asked before any server. */
function knowsItself(workload: KubernetesObject, host: string): boolean {
  return (podSpecOf(workload).hostAliases ?? []).some(({ hostnames = [] }) => hostnames.includes(host));
}

/** Whether a host is that of a pod, below the name of its headless Service. */
function isPodName(host: string, own: string, scene: Scene): boolean {
  const [, serviceName = '', ...rest] = host.split('.');
  const service = serviceAt(scene, { namespace: own, serviceName });
  return rest.length === 0 && service !== undefined && isHeadless(service);
}

function isDatabaseScheme(scheme: string): boolean {
  return databases.has(scheme);
}

/** Which Service a host would be. */
interface Place {
  readonly namespace: string;
  readonly serviceName: string;
}

function serviceAt({ services }: Scene, { namespace, serviceName }: Place): KubernetesObject | undefined {
  return services.find(({ metadata }) => metadata.name === serviceName && metadata.namespace === namespace);
}

/** https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/ */
function placeOf(host: string, own: string, namespaces: ReadonlySet<string>): Place | undefined {
  // a place to listen at, a list or a variable is no name
  if (!/^[\w.-]+$/.test(host) || host === 'localhost' || isIP(host) !== 0) return undefined;
  const [serviceName = '', namespace = own, ...rest] = host.split('.');
  const isOfCluster = rest.length === 0 ? !host.includes('.') || namespaces.has(namespace) : rest[0] === 'svc';
  // what is in other namespaces was not read
  return isOfCluster && namespaces.has(namespace) ? { namespace, serviceName } : undefined;
}

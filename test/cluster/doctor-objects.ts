/** An object as these suites write it. */
export interface Written {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly [member: string]: unknown };
  readonly [member: string]: unknown;
}

type Fields = Readonly<Record<string, unknown>>;

/** What differs between two workloads. */
export interface Parts {
  readonly replicas?: number;
  /** Laid over the container. */
  readonly container?: Fields;
  /** Laid over the pod. */
  readonly pod?: Fields;
  /** Laid over the Deployment's or the Job's own spec. */
  readonly spec?: Fields;
  readonly labels?: Readonly<Record<string, string>>;
  /** What Node.js runs. @default a server on port 8000 that knows `/ready` */
  readonly program?: string;
}

const server = (more = '') =>
  `require('node:http').createServer((q, s) => { s.statusCode = q.url === '/ready' ? 200 : 404; s.end(); }).listen(8000);process.on('SIGTERM', () => process.exit());${more}`;

/** A probe that is asked each second. */
export const probe = (path = '/ready', port: string | number = 'http', more: Fields = {}) => ({ httpGet: { path, port }, periodSeconds: 1, ...more });

function podOf({ container = {}, pod = {}, program = server() }: Parts): object {
  return {
    terminationGracePeriodSeconds: 1,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    ...pod,
    containers: [
      {
        name: 'app',
        image: 'node:24-bookworm-slim',
        imagePullPolicy: 'IfNotPresent',
        command: ['node', '-e', program],
        ports: [{ name: 'http', containerPort: 8000 }],
        readinessProbe: probe(),
        resources: { requests: { cpu: '1m', memory: '1Mi' } },
        ...container,
      },
    ],
  };
}

/** A Deployment of one pod that serves on port 8000. */
export function deployment(name: string, parts: Parts = {}): Written {
  const labels = { app: name, ...parts.labels };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: parts.replicas ?? 1,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels }, spec: podOf(parts) },
      ...parts.spec,
    },
  };
}

/** A StatefulSet of one pod, whose claim `data` its template makes. */
export function statefulSet(name: string, claim: Fields): Written {
  const pod = podOf({ container: { volumeMounts: [{ name: 'data', mountPath: '/data' }] } });
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...claim };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name },
    spec: {
      serviceName: name,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: pod },
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec }],
    },
  };
}

/** A Job that is not tried again. */
export function job(name: string, parts: Parts = {}): Written {
  const { readinessProbe: _, ...container } = parts.container ?? {};
  const pod = podOf({ ...parts, container: { readinessProbe: undefined, ...container }, pod: { restartPolicy: 'Never', ...parts.pod } });
  const labels = { app: name, ...parts.labels };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: { backoffLimit: 0, template: { metadata: { labels }, spec: pod }, ...parts.spec } };
}

/** A Service of a Deployment's pods. */
export function service(name: string, spec: Fields = {}): Written {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 8000, targetPort: 'http' }], ...spec },
  };
}

/** A ConfigMap. */
export function configMap(name: string, data: Readonly<Record<string, string>>): Written {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}

/** A claim, and a pod that mounts it. */
export function claimed(name: string, spec: Fields): readonly Written[] {
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  };
  const container = { volumeMounts: [{ name: 'data', mountPath: '/data' }] };
  return [claim, deployment(name, { container, pod: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: name } }] } })];
}

/** Parts of one of Berth's own services, on a SQLite file that goes with its pod. */
export function shopParts(service: 'user-service' | 'order-service', env: Readonly<Record<string, string>>, parts: Parts = {}): Parts {
  const port = service === 'user-service' ? 8000 : 8001;
  const { container = {}, pod = {} } = parts;
  return {
    ...parts,
    container: {
      image: `${service}:dev`,
      command: ['node', 'dist/main.js'],
      env: Object.entries(env).map(([name, value]) => ({ name, value })),
      ports: [{ name: 'http', containerPort: port }],
      readinessProbe: probe('/health/ready'),
      volumeMounts: [{ name: 'data', mountPath: '/home/appuser/app/data' }],
      ...container,
    },
    pod: { volumes: [{ name: 'data', emptyDir: {} }], securityContext: { fsGroup: 10001 }, ...pod },
  };
}

/** A PostgreSQL server with a database `shop` of the user `shop`, whose password is `right-password`. */
export function postgres(name: string, replicas = 1): readonly Written[] {
  const container = {
    image: 'postgres:17-bookworm',
    command: undefined,
    env: Object.entries({ POSTGRES_USER: 'shop', POSTGRES_PASSWORD: 'right-password', POSTGRES_DB: 'shop' }).map(([key, value]) => ({ name: key, value })),
    ports: [{ name: 'postgres', containerPort: 5432 }],
    readinessProbe: { tcpSocket: { port: 'postgres' }, periodSeconds: 1 },
  };
  return [deployment(name, { replicas, container }), service(name, { ports: [{ name: 'postgres', port: 5432, targetPort: 'postgres' }] })];
}

/** A Secret. */
export function secret(name: string, stringData: Readonly<Record<string, string>>): Written {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData };
}

/** A pod's volume and mount of a Secret with a database's password. */
export const passwordFile = (name: string) => ({
  volumes: [
    { name: 'data', emptyDir: {} },
    { name: 'database', secret: { secretName: name } },
  ],
  volumeMounts: [
    { name: 'data', mountPath: '/home/appuser/app/data' },
    { name: 'database', mountPath: '/run/secrets/database' },
  ],
});

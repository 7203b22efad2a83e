import type { Cpu, Mebibytes, ResourcesDeclaration } from '@berth/service-kit/declaration';

/** Values of environment variables, by name. */
export type Values = Readonly<Record<string, string | number | boolean>>;

/** A size on disk. */
export type Gibibytes = `${number}Gi`;

/** Pods of another namespace, such as the ingress controller's. */
export interface PodsElsewhere {
  readonly namespace: string;
  /** At least one. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Images that were built on this machine: `<service>:<tag>`, loaded into the cluster by hand or by a tool. */
export interface BuiltImages {
  readonly kind: 'built';
  readonly tag: string;
}

/** Images of a registry by tag: `<registry>/<service>:<tag>`. */
export interface TaggedImages {
  readonly kind: 'tagged';
  readonly registry: string;
  readonly tag: string;
}

/** Images by digest, as `cdk8s/released-images.json` names them; `<registry>/<service>` with a digest of zeros until the first release. */
export interface ReleasedImages {
  readonly kind: 'released';
  readonly registry: string;
}

/** A SQLite file on a volume of each service's own: one process a service. */
export interface SqliteStore {
  readonly kind: 'sqlite';
  readonly size: Gibibytes;
  /** @default the cluster's own default */
  readonly storageClass?: string;
}

/** One PostgreSQL server in the namespace, with a database and a role for each service. */
export interface PostgresServer {
  readonly kind: 'postgres-server';
  /** Docker's official one on Debian or a copy of it, 17 or later, with a version as its tag or by digest. */
  readonly image: string;
  readonly size: Gibibytes;
  /** @default the cluster's own default */
  readonly storageClass?: string;
  /** 1 to 262,143. */
  readonly maxConnections: number;
  readonly resources: ResourcesDeclaration;
}

/** One CloudNativePG `Cluster` for each service; its operator must be there. */
export interface CloudNativePostgres {
  readonly kind: 'cloud-native-postgres';
  /** One that is made for the operator, 17 or later; its tag begins with the version, by which the operator knows it. */
  readonly image: string;
  /** PostgreSQL instances a service: one primary, the others follow it. */
  readonly instances: number;
  readonly size: Gibibytes;
  /** @default the cluster's own default */
  readonly storageClass?: string;
  /** 1 to 262,143. */
  readonly maxConnections: number;
  readonly resources: { readonly cpu: Cpu; readonly cpuLimit: Cpu; readonly memory: Mebibytes };
  /** Where the operator runs: it asks each instance how it is. */
  readonly operator: PodsElsewhere;
}

/** A PostgreSQL server outside of the cluster, with a database and a role for each service; the passwords come by Secret. */
export interface ExternalPostgres {
  readonly kind: 'external-postgres';
  readonly host: string;
  readonly port: number;
  /** The addresses behind the host, for the network policies, such as `10.20.0.0/16`; IPv6 too. */
  readonly cidr: string;
  /** 1 to 262,143. */
  readonly maxConnections: number;
  /**
   * How connections are encrypted: `verify-full` asks for a certificate of a public CA that names the host, `no-verify` for any.
   *
   * @default not at all: a server that wants TLS refuses every pod
   */
  readonly sslMode?: 'verify-full' | 'no-verify';
}

/** As many replicas as the load needs, up to the service's own maximum. */
export interface Autoscaled {
  readonly minimum: number;
}

/** How many replicas an eviction, as a node's drain makes it, may take away at once. One of the two, at least 1. */
export interface Disruption {
  readonly maxUnavailable?: number;
  readonly minAvailable?: number;
}

/** How the services' paths get in from outside. */
export interface IngressSettings {
  readonly className: string;
  /** @default every host */
  readonly host?: string;
  /** The Secret with the host's certificate. */
  readonly tlsSecret?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly controller: PodsElsewhere;
}

/** Who reads the metrics. */
export interface MonitoringSettings {
  readonly prometheus: PodsElsewhere;
  /** Prometheus' operator and Grafana's dashboard sidecar are there: their objects are written too. */
  readonly operators?: {
    /** What the operator selects ServiceMonitors and PrometheusRules by, beside the `app.kubernetes.io/` name, component and part-of, which all objects have. */
    readonly labels: Readonly<Record<string, string>>;
    /** What the sidecar selects dashboards by. */
    readonly dashboardLabels: Readonly<Record<string, string>>;
    /** Where people find `docs/runbooks/`: each alert links its page there. No slash at the end. */
    readonly runbooks: `https://${string}`;
  };
}

/** What one service gets otherwise than the others. */
export interface ServiceOverride {
  readonly replicas?: number | Autoscaled;
  readonly disruption?: Disruption;
  readonly configuration?: Values;
  readonly resources?: Partial<ResourcesDeclaration>;
  /** Most replicas an autoscaler may make; only where there is one. */
  readonly maximumReplicas?: number;
}

/** Where and how the services run: everything that isn't the services' own. */
export interface Environment {
  /** Also the folder in `charts/`; the namespace is `berth-<name>`. Lower-case letters, digits and dashes, 57 characters at most. */
  readonly name: string;
  readonly services: 'all' | readonly string[];
  /** `released` where the name is `production` or begins with `production-`. */
  readonly images: BuiltImages | TaggedImages | ReleasedImages;
  readonly store: SqliteStore | PostgresServer | CloudNativePostgres | ExternalPostgres;
  readonly replicas: number | Autoscaled;
  /** @default `Recreate` on SQLite, `RollingUpdate` else */
  readonly strategy?: 'Recreate' | 'RollingUpdate';
  /** @default one at a time */
  readonly disruption?: Disruption;
  /** Variables for every service. An empty value counts as unset. */
  readonly configuration: Values;
  readonly overrides: Readonly<Record<string, ServiceOverride>>;
  readonly ingress?: IngressSettings;
  readonly monitoring?: MonitoringSettings;
}

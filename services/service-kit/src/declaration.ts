/**
 * One service's declaration: plain typed data and nothing else, so that the service reads it when it
 * starts and the infrastructure reads it when it writes manifests. This file imports nothing.
 */

/** The canonical prefix of the API. The same paths answer without it too, for an Ingress that routes `/users` and the like. */
export const apiPrefix = '/api/v1';

/** Tables of every service's database that hold nothing of its own: its schema's account, a place to try a write, answers that are replayed for a day. */
export const bookkeepingTables = ['schema_migrations', 'store_probe', 'idempotency_keys'] as const;

interface VariableBase {
  /** One sentence for the configuration table: what it decides, with its unit. */
  readonly description: string;
  /** The value is a secret: never logged, and also taken from the file that `<NAME>_FILE` names. */
  readonly secret?: boolean;
}

/** A whole number, bounds included. */
export interface IntegerVariable extends VariableBase {
  readonly kind: 'integer';
  readonly minimum: number;
  readonly maximum: number;
  readonly default?: number;
}

/** `true` or `false`. */
export interface FlagVariable extends VariableBase {
  readonly kind: 'flag';
  readonly default: boolean;
}

/** One word out of a list. */
export interface ChoiceVariable extends VariableBase {
  readonly kind: 'choice';
  readonly choices: readonly string[];
  readonly default: string;
}

/** Free text: a host, a file's path, a password. */
export interface TextVariable extends VariableBase {
  readonly kind: 'text';
  /** White space anywhere in it is a fault. @default false */
  readonly spaceless?: boolean;
  readonly default?: string;
}

/** An absolute URL with one of the named schemes. */
export interface UrlVariable extends VariableBase {
  readonly kind: 'url';
  /** Allowed schemes without the colon, such as `http`. */
  readonly schemes: readonly string[];
  readonly default?: string;
}

/** One environment variable that a service reads. Unset and empty mean the same. */
export type Variable = IntegerVariable | FlagVariable | ChoiceVariable | TextVariable | UrlVariable;

/** Environment variables by name. */
export type ConfigurationSchema = Readonly<Record<string, Variable>>;

/** Another service that this one calls over HTTP. */
export interface PeerDeclaration {
  /** The peer's service name: its DNS name in the cluster, and the `peer` label of the metrics. */
  readonly name: string;
  /**
   * The variable that holds the peer's base URL: of kind `url`, no secret. Beside a `<NAME>_URL`, `<NAME>_TIMEOUT_MS` bounds one try and
   * `<NAME>_DEADLINE_MS` all of them.
   */
  readonly urlVariable: string;
}

/** What the service keeps, and which versions of its schema it can work on. */
export interface StoreDeclaration {
  /** The variable that holds the SQLite file's path, used while `DATABASE_URL` is unset: of kind `text`, no secret; its default below `./data`. */
  readonly pathVariable: string;
  /** The name of its PostgreSQL database. Its role is called what the service is called, with underscores. */
  readonly database: string;
  /** The schema version that this release's migrations lead to. */
  readonly schema: number;
  /** The oldest schema version on which this release works; below it the service is not ready. */
  readonly schemaMinimum: number;
  /**
   * The oldest `schema` of a release that still works on what this release's migrations lead to: releases add to a schema, and one that takes
   * something away raises this. A rollback to an older release is refused. @default 1
   */
  readonly schemaOldest?: number;
}

/** One metric family on `/metrics`. */
export interface MetricDeclaration {
  /**
   * Lower-case words with underscores; `_total` at the end of counters only. `process_`, `nodejs_` and `scrape_` begin others' names. Its unit is its
   * last word before that, `seconds`, `bytes` or `ratio`: so the dashboard shows it.
   */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** None of `job`, `instance`, `le`, `quantile`. */
  readonly labels: readonly string[];
}

/** Thousandths of a CPU core. */
export type Cpu = `${number}m`;

/** Mebibytes. */
export type Mebibytes = `${number}Mi`;

/** What one replica is given. Figures come from measurement under load; an environment may give it more. */
export interface ResourcesDeclaration {
  /** CPU that is reserved; an autoscaler's percentage is of this. */
  readonly cpu: Cpu;
  /** Most CPU it may use: generous, because a throttled process answers late. */
  readonly cpuLimit: Cpu;
  /** Memory that is reserved, and the most it may use: a process above it is killed. */
  readonly memory: Mebibytes;
  /** Disk for `/tmp` and the log, reserved and at most. */
  readonly disk: Mebibytes;
}

/** How far the service may be scaled out where an environment scales by load. */
export interface ScalingDeclaration {
  readonly maximumReplicas: number;
  /** Share of the reserved CPU, in percent, that the autoscaler aims at. */
  readonly targetCpuPercent: number;
}

/** One call of a check. `{name}` in the path and in the body's texts, however deep, is replaced by what was kept under that name; `{unique}` by a fresh word. */
export interface CheckStep {
  /** The service that is called: this one or a peer. */
  readonly service: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As it is sent: one slash before each word; a query may follow. */
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
  /** The status that is expected, 200 to 599. For each 201 a later step of the check cleans up. */
  readonly status: number;
  /** Members of the answer to keep for later steps: name to member. None of a 204, which has no content. */
  readonly keep?: Readonly<Record<string, string>>;
  /** Removes what the check made: carried out at the end, whatever failed before. */
  readonly cleanUp?: boolean;
}

/** A way to prove a deployed service by its own API. It leaves no data behind. */
export interface CheckDeclaration {
  readonly name: string;
  readonly steps: readonly CheckStep[];
}

/** Requests to one operation of one service. */
export interface FlowStep {
  /** The service that answers: this one or a peer. */
  readonly service: string;
  readonly method: CheckStep['method'];
  /** The operation's path as OpenAPI and the metrics' label `route` have it, without {@link apiPrefix}, such as `/orders/{id}`. */
  readonly route: string;
}

/** Requests through several services that people look at as one thing. Its dashboard follows from it. */
export interface FlowDeclaration {
  /** Lower-case words with dashes, such as `order`, 58 characters at most; the dashboard is called `order-flow`. */
  readonly name: string;
  /** The dashboard's title. */
  readonly title: string;
  /** In the order in which they happen; at least one. */
  readonly steps: readonly FlowStep[];
}

/** Everything that others need to know about a service. */
export interface ServiceDeclaration<Schema extends ConfigurationSchema = ConfigurationSchema> {
  /** Lower-case words with dashes, 38 characters at most; also the name of its Deployment, Service and image. */
  readonly name: string;
  /** The port it listens on unless `PORT` says otherwise. */
  readonly port: number;
  /** One sentence: what it owns and does. */
  readonly description: string;
  /** What an Ingress routes to it, such as `/users`, with and without {@link apiPrefix}: letters, digits, `-` and `_`. None: it is reached from inside only. */
  readonly paths: readonly string[];
  /** Its own variables, in upper case; those of every service (`commonVariables`) are added to them. */
  readonly configuration: Schema;
  readonly peers: readonly PeerDeclaration[];
  readonly store: StoreDeclaration;
  /** Its own metrics; those of every service (`commonMetrics`) are added to them. */
  readonly metrics: readonly MetricDeclaration[];
  readonly resources: ResourcesDeclaration;
  readonly scaling: ScalingDeclaration;
  readonly checks: readonly CheckDeclaration[];
  /** Flows that begin with this service. */
  readonly flows: readonly FlowDeclaration[];
}

/** Types a declaration exactly, so that its configuration is typed by its own variables. */
export function declareService<const Schema extends ConfigurationSchema>(declaration: ServiceDeclaration<Schema>): ServiceDeclaration<Schema> {
  return declaration;
}

import type { LatencyHistogram } from '../metrics/latency-histogram';
import type { Problem } from '../problem';

/** A statement with its values, ready to run. The same `sql` is prepared once and run again. */
export interface Query {
  /** Stable name for metrics, such as `users.find`. */
  readonly label: string;
  /** Name of the prepared statement: one name, one text. @default label */
  readonly name?: string;
  readonly sql: string;
  /** Milliseconds it may take, waiting for a connection included. @default databaseDeadlineMs */
  readonly deadlineMs?: number | undefined;
  readonly parameters: readonly unknown[];
}

/** A statement that must commit with a write. */
export interface Step {
  readonly query: Query;
  /** How many rows it must change; another number rolls everything back. */
  readonly rows: number;
  /** The error for another number. */
  readonly otherwise: () => Problem;
}

/** One statement, what its rows mean, and what must commit with it. See `docs/write-path.md`. */
export interface Write<Result> {
  readonly query: Query;
  /** Reads the returned rows; an error thrown here rolls the write back. */
  result(rows: readonly unknown[]): Result;
  /**
   * Whether it may share a transaction with others like it: an insert that no value makes fail, `ON CONFLICT DO NOTHING` where a key is unique. One
   * that fails costs its whole group a second try. SQLite groups every write, whatever this says. @default false
   */
  readonly groupable?: boolean;
  readonly alongside?: ((result: Result) => readonly Step[]) | undefined;
}

/** Rows of a list, by ascending id. */
export interface ListedRows<Row> {
  readonly rows: readonly Row[];
  /** No row with this id or a smaller one can turn up any more that isn't here. */
  readonly settled: number;
}

/** How the store is, as the readiness probe tells it. */
export interface StoreStatus {
  readonly readable: boolean;
  /** False from a write that met a full disk until one succeeds. */
  readonly writable: boolean;
  /** Version of the schema, 0 before the first migration; `undefined` when it can't be read. */
  readonly schema: number | undefined;
}

/** A service's database. Both kinds answer alike; see `docs/write-path.md` for how. */
export interface Store {
  readonly dialect: 'sqlite' | 'postgres';
  /**
   * Looks a committed row up: the first one of a cheap statement.
   *
   * @throws Problem 503 when the store can't answer within {@link databaseDeadlineMs}
   */
  find<Row>(query: Query): Promise<Row | undefined>;
  /**
   * Lists committed rows in the order of their ids.
   *
   * @param table - the one whose `id` orders the rows; it is an identity column
   * @throws Problem as {@link Store.find}
   */
  list<Row extends { readonly id: number }>(query: Query, table: string): Promise<ListedRows<Row>>;
  /**
   * Writes. When the promise resolves, the write is durable.
   *
   * @throws UniqueViolation when a unique key is taken
   * @throws Problem 503 when the store can't answer within {@link databaseDeadlineMs}, 507 when its disk is full
   */
  write<Result>(write: Write<Result>): Promise<Result>;
  /** Looks at the store without waiting behind requests, within 1 s. Never throws. */
  status(): Promise<StoreStatus>;
  /** Numbers for `db_pool_connections` by state: `active`, `idle`, `waiting`. */
  connections(): Readonly<Record<string, number>>;
  /** Finishes what runs and closes every connection. */
  close(): Promise<void>;
}

/** A unique key is taken; the repository turns it into the domain's own problem. */
export class UniqueViolation extends Error {
  override readonly name = 'UniqueViolation';
}

/** Milliseconds that a request may spend on its database, waiting for a connection included: leaves 0.4 s of the promised 2.2 s. */
export const databaseDeadlineMs = 1_800;

/** The same for each of the two parts of a request with an idempotency key: claiming it, and writing. */
export const keyedDeadlineMs = databaseDeadlineMs / 2;

/** The same query with a deadline of its own, where there is one. */
export function withDeadline(query: Query, deadlineMs: number | undefined): Query {
  return deadlineMs === undefined ? query : { ...query, deadlineMs };
}

/** Runs a statement's work and observes how long it took, failed or not. */
export async function timed<T>(histogram: LatencyHistogram, label: string, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  try {
    return await work();
  } finally {
    histogram.labels(label).observe((performance.now() - startedAt) / 1000);
  }
}

import type { Generated } from 'kysely';
import { Problem, problems } from '../problem';
import type { Statement, Statements } from '../store/statements';
import type { Store } from '../store/store';
import { retentionSeconds, type StoredAnswer } from './idempotency-keys';

/** The table both stores keep answers in. Times are ISO 8601 in SQLite and timestamptz in PostgreSQL. */
export interface IdempotencyTable {
  idempotency_keys: {
    operation: string;
    key: string;
    fingerprint: string;
    token: string | null;
    claimed_until: string | null;
    status: number | null;
    headers: string | null;
    body: string | null;
    created_at: Generated<string>;
  };
}

/** What a look-up gives. */
export interface IdempotencyRow {
  readonly fingerprint: string;
  readonly status: number | null;
  readonly headers: string | null;
  readonly body: string | null;
}

/** Identifies a key: each operation has its own. */
export interface KeyOf {
  readonly operation: string;
  readonly key: string;
}

/** Rows that one statement of a sweep deletes: bounds how long it holds its locks. */
const sweepBatch = 500;

/** Deletes all answers past their retention, batch by batch. */
export async function sweepAll(store: Store, sweep: Statement<{ before: string }>): Promise<void> {
  for (;;) {
    const deleted = await store.write({ query: sweep({ before: retentionStart() }), result: (rows) => rows.length });
    if (deleted < sweepBatch) return;
  }
}

/** Compiles the statements that both stores share. */
export function commonStatements(statements: Statements<IdempotencyTable>) {
  return {
    find: statements.compile<KeyOf & { after: string }>('idempotency.find', (db, { operation, key, after }) =>
      db
        .selectFrom('idempotency_keys')
        .select(['fingerprint', 'status', 'headers', 'body'])
        .where('operation', '=', operation)
        .where('key', '=', key)
        .where('created_at', '>', after),
    ),
    sweep: statements.compile<{ before: string }>('idempotency.sweep', (db, { before }) =>
      db
        .deleteFrom('idempotency_keys')
        .where(({ eb, refTuple, selectFrom }) =>
          eb(
            refTuple('operation', 'key'),
            'in',
            selectFrom('idempotency_keys').select(['operation', 'key']).where('created_at', '<=', before).limit(sweepBatch).$asTuple('operation', 'key'),
          ),
        )
        .returning('key'),
    ),
  };
}

/** Answers made before this moment are forgotten. */
export function retentionStart(): string {
  return new Date(Date.now() - retentionSeconds * 1000).toISOString();
}

/** An answer's columns. */
export function toColumns({ status, headers, body }: StoredAnswer) {
  return { status, headers: JSON.stringify(headers), body: JSON.stringify(body ?? null) };
}

/**
 * What a found row means for a request with this fingerprint.
 *
 * @throws Problem 422 when it belongs to another payload, 409 while its request runs
 */
export function replay(row: IdempotencyRow, fingerprint: string): StoredAnswer {
  assertSamePayload(row.fingerprint, fingerprint);
  if (row.status === null) throw keyInUse();
  return {
    status: row.status,
    headers: JSON.parse(row.headers ?? '{}') as Record<string, string>,
    body: JSON.parse(row.body ?? 'null') as unknown,
  };
}

/** @throws Problem 422 when the fingerprints differ */
export function assertSamePayload(kept: string, offered: string): void {
  if (kept !== offered) throw new Problem(problems.idempotencyKeyReused, 'This Idempotency-Key was sent with another request: use a new key');
}

/** 409: somebody else holds the key. */
export function keyInUse(): Problem {
  return new Problem(problems.idempotencyKeyInUse, 'A request with this Idempotency-Key is still running: try again');
}

import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { createStatements } from '../store/statements';
import { keyedDeadlineMs, type Step, type Store } from '../store/store';
import { type Claim, claimMs, type IdempotencyKeys, type StoredAnswer } from './idempotency-keys';
import {
  commonStatements,
  type IdempotencyRow,
  type IdempotencyTable,
  type KeyOf,
  keyInUse,
  replay,
  retentionStart,
  sweepAll,
  toColumns,
} from './idempotency-table';

/**
 * Keys for PostgreSQL: several processes share the table, so a claim is a row with a token. The token is the fence: an answer is
 * kept, and with it the effect, only while the row still holds it. An owner that slept past its claim can write nothing.
 */
export function createPostgresIdempotencyKeys(store: Store): IdempotencyKeys {
  const { find, sweep, claim, keep, release } = compile();

  function claimOf(keyOf: KeyOf, token: string): Claim {
    const step = (answer: StoredAnswer): Step => ({ query: keep({ ...keyOf, ...toColumns(answer), token }), rows: 1, otherwise: keyInUse });
    return {
      alongside: (answer) => [step(answer)],
      complete: async (answer) => {
        await store.write({ query: step(answer).query, result: () => undefined });
      },
      release: async (stored) => {
        if (!stored) await store.write({ query: release({ ...keyOf, token }), result: () => undefined });
      },
    };
  }

  return {
    async claim(operation, key, fingerprint) {
      // A row may vanish between the two statements, when its owner releases it: then the claim is open again.
      for (let tries = 0; tries < 5; tries++) {
        const token = randomUUID();
        const query = { ...claim({ operation, key, fingerprint, token, before: retentionStart() }), deadlineMs: keyedDeadlineMs };
        const claimed = await store.write({ query, result: (rows) => rows.length === 1 });
        if (claimed) return claimOf({ operation, key }, token);
        const row = await store.find<IdempotencyRow>({ ...find({ operation, key, after: retentionStart() }), deadlineMs: keyedDeadlineMs });
        if (row) return replay(row, fingerprint);
      }
      throw keyInUse();
    },
    sweep: () => sweepAll(store, sweep),
  };
}

interface NewClaim extends KeyOf {
  readonly fingerprint: string;
  readonly token: string;
  readonly before: string;
}

// The server's clock decides: the processes' own may differ.
const now = sql<string>`now()`;
const claimEnd = sql<string>`now() + ${claimMs} * interval '1 millisecond'`;

function compile() {
  const statements = createStatements<IdempotencyTable>('postgres');
  return {
    ...commonStatements(statements),
    claim: statements.compile<NewClaim>('idempotency.claim', (db, { operation, key, fingerprint, token, before }) =>
      db
        .insertInto('idempotency_keys')
        .values({ operation, key, fingerprint, token, claimed_until: claimEnd, created_at: now })
        .onConflict((conflict) =>
          conflict
            .columns(['operation', 'key'])
            .doUpdateSet((row) => ({
              fingerprint: row.ref('excluded.fingerprint'),
              token: row.ref('excluded.token'),
              claimed_until: row.ref('excluded.claimed_until'),
              created_at: row.ref('excluded.created_at'),
              status: null,
              headers: null,
              body: null,
            }))
            .where((where) =>
              where.or([
                where.and([where('idempotency_keys.status', 'is', null), where('idempotency_keys.claimed_until', '<', now)]),
                where('idempotency_keys.created_at', '<=', before),
              ]),
            ),
        )
        .returning('key'),
    ),
    keep: statements.compile<KeyOf & ReturnType<typeof toColumns> & { token: string }>(
      'idempotency.keep',
      (db, { operation, key, token, status, headers, body }) =>
        db
          .updateTable('idempotency_keys')
          .set({ status, headers, body, token: null, claimed_until: null })
          .where('operation', '=', operation)
          .where('key', '=', key)
          .where('token', '=', token),
    ),
    release: statements.compile<KeyOf & { token: string }>('idempotency.release', (db, { operation, key, token }) =>
      db.deleteFrom('idempotency_keys').where('operation', '=', operation).where('key', '=', key).where('token', '=', token),
    ),
  };
}

import { createStatements } from '../store/statements';
import type { Step, Store } from '../store/store';
import type { Claim, IdempotencyKeys, StoredAnswer } from './idempotency-keys';
import {
  assertSamePayload,
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
 * Keys for SQLite: one process owns the file, so claims live in memory. They cost no commit and a kill leaves none behind.
 * The answer's row is the fence: it is inserted under its primary key with the effect, and only one can be.
 */
export function createSqliteIdempotencyKeys(store: Store): IdempotencyKeys {
  const statements = createStatements<IdempotencyTable>('sqlite');
  const { find, sweep } = commonStatements(statements);
  const insert = statements.compile<KeyOf & ReturnType<typeof toColumns> & { fingerprint: string; now: string; before: string }>(
    'idempotency.insert',
    (db, { operation, key, fingerprint, status, headers, body, now, before }) =>
      db
        .insertInto('idempotency_keys')
        .values({ operation, key, fingerprint, status, headers, body, created_at: now })
        .onConflict((conflict) =>
          conflict
            .columns(['operation', 'key'])
            .doUpdateSet((row) => ({
              fingerprint: row.ref('excluded.fingerprint'),
              status: row.ref('excluded.status'),
              headers: row.ref('excluded.headers'),
              body: row.ref('excluded.body'),
              created_at: row.ref('excluded.created_at'),
            }))
            .where('idempotency_keys.created_at', '<=', before),
        ),
  );
  const running = new Map<string, string>();

  function claimOf(id: string, keyOf: KeyOf, fingerprint: string): Claim {
    const step = (answer: StoredAnswer): Step => ({
      query: insert({ ...keyOf, ...toColumns(answer), fingerprint, now: new Date().toISOString(), before: retentionStart() }),
      rows: 1,
      otherwise: keyInUse,
    });
    return {
      alongside: (answer) => [step(answer)],
      complete: async (answer) => {
        await store.write({ query: step(answer).query, result: () => undefined });
      },
      release: () => {
        running.delete(id);
        return Promise.resolve();
      },
    };
  }

  return {
    async claim(operation, key, fingerprint) {
      const id = `${operation}\0${key}`;
      const other = running.get(id);
      if (other !== undefined) {
        assertSamePayload(other, fingerprint);
        throw keyInUse();
      }
      running.set(id, fingerprint);
      try {
        const row = await store.find<IdempotencyRow>(find({ operation, key, after: retentionStart() }));
        if (!row) return claimOf(id, { operation, key }, fingerprint);
        running.delete(id);
        return replay(row, fingerprint);
      } catch (error) {
        running.delete(id);
        throw error;
      }
    },
    sweep: () => sweepAll(store, sweep),
  };
}

import { setTimeout as sleep } from 'node:timers/promises';
import { databaseDeadlineMs, type ListedRows, type Query } from '../store';

/** Milliseconds that a list waits for inserts under way, from its first rows on; they take a few. */
const patienceMs = 250;

/** Milliseconds between two looks: first, and at most; it doubles. */
const lookAgain = { firstMs: 1, longestMs: 16 } as const;

type Run = (query: Query) => Promise<readonly unknown[]>;

/**
 * Reads rows in the order of their ids so that no smaller id turns up behind a cursor later.
 *
 * PostgreSQL hands an id out before its transaction commits, and commits in another order. But `nextval` locks the sequence (`RowExclusiveLock`)
 * before it draws and keeps the lock until the transaction ends, so `pg_locks` names everyone who may hold an id that nobody sees yet. All ids up to
 * one that was seen are settled once those who held the lock thereafter are gone. What is settled stays so, hence the look is for new rows only.
 * See `docs/decisions/0014-lists-wait-for-inserts.md`.
 */
export class SettledIds {
  private readonly settled = new Map<string, number>();

  constructor(private readonly run: Run) {}

  /** @param table - its `id` is the order of the query's rows */
  async list<Row extends { readonly id: number }>(query: Query, table: string): Promise<ListedRows<Row>> {
    const startedAt = performance.now();
    const run = (one: Query) => this.run({ ...one, deadlineMs: Math.max(1, Math.floor(startedAt + databaseDeadlineMs - performance.now())) });
    let giveUpAt: number | undefined;
    for (let looks = 0; ; looks++) {
      const settled = this.settled.get(table) ?? 0;
      const rows = (await run(query)) as readonly Row[];
      giveUpAt ??= performance.now() + patienceMs;
      const last = rows.at(-1)?.id ?? 0;
      // A second read may have met rows that are newer still: those before them are enough.
      if (last <= settled || (looks > 0 && rows[0]!.id <= settled) || !(await insertsEnd(run, table, giveUpAt))) return { rows, settled };
      this.settled.set(table, Math.max(last, this.settled.get(table) ?? 0));
    }
  }
}

/** Waits until all inserts that are under way now have ended. @returns whether they did in time */
async function insertsEnd(run: Run, table: string, giveUpAt: number): Promise<boolean> {
  let inserting = await insertsUnderWay(run, table);
  for (let waitMs: number = lookAgain.firstMs; inserting.size > 0; waitMs = Math.min(2 * waitMs, lookAgain.longestMs)) {
    if (performance.now() + waitMs > giveUpAt) return false;
    await sleep(waitMs);
    const still = await insertsUnderWay(run, table);
    inserting = new Set([...inserting].filter((one) => still.has(one)));
  }
  return true;
}

/** The transactions that may have drawn an id of the table. */
async function insertsUnderWay(run: Run, table: string): Promise<ReadonlySet<string>> {
  const rows = (await run({ label: 'store.inserts', sql: insertsSql, parameters: [table] })) as readonly { readonly id: string }[];
  return new Set(rows.map(({ id }) => id));
}

const insertsSql = `
  SELECT virtualtransaction AS id FROM pg_locks
  WHERE locktype = 'relation' AND mode = 'RowExclusiveLock'
    AND relation = (SELECT pg_get_serial_sequence($1, 'id')::regclass)
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

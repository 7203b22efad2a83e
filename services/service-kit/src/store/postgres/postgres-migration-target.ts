import type { Client } from 'pg';
import { MigrationRefused, type MigrationTarget } from '../migrations';
import { createClient, type PostgresAddress } from './postgres-client';

/** Held by one migrator of a database at a time; any constant will do, this one spells "berth". */
const advisoryLock = 0x62_65_72_74_68;

/** How long a migrator waits for another one, and a migration for a table's lock before it gives way and tries again. */
const [lockWait, tableLockWait] = ['60s', '1s'];

/** Tries of one migration against tables in use. */
const maximumTries = 30;

/**
 * Connects for migration.
 *
 * @throws the driver's error when the database can't be reached
 * @throws MigrationRefused when it can't keep every text
 */
export async function openPostgresMigrationTarget(address: PostgresAddress): Promise<MigrationTarget> {
  const client = createClient(address, () => undefined, { statement_timeout: 0, lock_timeout: 0, idle_in_transaction_session_timeout: 60_000 });
  await client.connect();
  try {
    await assertUtf8(client);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  const inTransaction: MigrationTarget['transaction'] = async (work) => {
    await client.query('BEGIN');
    try {
      await client.query(`SET LOCAL lock_timeout = '${lockWait}'`);
      await client.query('SELECT pg_advisory_xact_lock($1)', [advisoryLock]);
      await client.query(`SET LOCAL lock_timeout = '${tableLockWait}'`);
      const result = await work({
        execute: async (sql) => void (await client.query(sql)),
        query: async (sql, parameters) => (await client.query<object>(sql, [...parameters])).rows,
      });
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  };
  return {
    dialect: 'postgres',
    async transaction(work) {
      for (let tries = 1; ; tries++) {
        try {
          return await inTransaction(work);
        } catch (error) {
          // A table in use: waiting on would hold up everyone behind us, so give way and try again.
          if ((error as { code?: string }).code !== '55P03' || tries === maximumTries) throw error;
        }
      }
    },
    close: () => client.end(),
  };
}

async function assertUtf8(client: Client): Promise<void> {
  const { rows } = await client.query<{ encoding: string; name: string }>("SELECT current_setting('server_encoding') AS encoding, current_database() AS name");
  const { encoding, name } = rows[0]!;
  if (encoding === 'UTF8') return;
  throw new MigrationRefused(
    `The database ${JSON.stringify(name)} is encoded in ${encoding}, which can't keep every text: make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, and point DATABASE_URL to it`,
  );
}

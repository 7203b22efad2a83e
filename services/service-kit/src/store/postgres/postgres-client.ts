import type { Client, ClientConfig } from 'pg';
import type * as Pg from 'pg';
import { databaseDeadlineMs } from '../store';

/** Where the database is and how this service names itself there. */
export interface PostgresAddress {
  readonly url: string;
  /** Used where the URL holds no password. */
  readonly password: string | undefined;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
}

/** Limits that the server enforces, in milliseconds: a stuck statement or lock never outlives its request for long. */
const serverLimits = {
  statement_timeout: 3_000,
  lock_timeout: 1_000,
  idle_in_transaction_session_timeout: 10_000,
} as const;

/** Loads the driver on use: a service on SQLite needs none. */
export function loadPg(): typeof Pg {
  return require('pg') as typeof Pg;
}

/** The settings of every connection. */
export function clientConfig({ url, password, applicationName }: PostgresAddress): ClientConfig {
  return {
    connectionString: url,
    ...(password !== undefined && !new URL(url).password && { connectionString: withPassword(url, password) }),
    application_name: applicationName,
    connectionTimeoutMillis: databaseDeadlineMs,
    keepAlive: true,
    types: { getTypeParser },
    ...serverLimits,
  };
}

function withPassword(url: string, password: string): string {
  const full = new URL(url);
  full.password = encodeURIComponent(password);
  return full.href;
}

const [int8, timestamptz, jsonb] = [20, 1184, 3802];

// Made once: the driver asks for a parser with every column of every answer.
const toIsoTime = (text: string): string => new Date(text).toISOString();
const asText = (text: string): string => text;

/** Rows look like SQLite's: ids are numbers, times are ISO 8601 text, JSON documents are text. */
const getTypeParser = ((oid: number, format?: 'text' | 'binary') => {
  if (oid === int8) return Number;
  if (oid === timestamptz) return toIsoTime;
  if (oid === jsonb) return asText;
  return loadPg().types.getTypeParser(oid, format) as (text: string) => unknown;
}) as NonNullable<ClientConfig['types']>['getTypeParser'];

/** Makes an unconnected client whose connection errors are told to `onError` instead of ending the process. */
export function createClient(address: PostgresAddress, onError: (error: Error) => void, overrides: ClientConfig = {}): Client {
  const client = new (loadPg().Client)({ ...clientConfig(address), ...overrides });
  client.on('error', onError);
  return client;
}

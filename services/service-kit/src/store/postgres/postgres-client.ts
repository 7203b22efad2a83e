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

/** Milliseconds after which a connection is replaced, so that a failover or a rebalanced address is noticed: half an hour. */
export const maximumLifetimeMs = 30 * 60 * 1_000;

/**
 * What rows are read by, whatever the server, the database or the role has set; the driver itself asks for UTF8. And how often, in milliseconds, a server at
 * work looks whether its client is still there: else it would run on for a request that was given up, beside the connection that took its place.
 */
const sessionSettings = '-c DateStyle=ISO -c TimeZone=UTC -c client_connection_check_interval=250';

/** Loads the driver on use: a service on SQLite needs none. */
export function loadPg(): typeof Pg {
  return require('pg') as typeof Pg;
}

/** The settings of every connection. */
export function clientConfig({ url, password, applicationName }: PostgresAddress): ClientConfig {
  const complete = password !== undefined && !new URL(url).password ? withPassword(url, password) : url;
  return {
    connectionString: withSessionSettings(withPlainSslMode(complete)),
    application_name: applicationName,
    connectionTimeoutMillis: databaseDeadlineMs,
    keepAlive: true,
    types: { getTypeParser },
    ...serverLimits,
  };
}

/** In the URL, because what that says wins over the driver's other settings, its `options` too. */
function withSessionSettings(url: string): string {
  const [address = '', query] = url.split(/\?(.*)/s);
  const parameters = new URLSearchParams(query);
  parameters.set('options', [parameters.get('options'), sessionSettings].filter(Boolean).join(' '));
  return `${address}?${parameters.toString()}`;
}

function withPassword(url: string, password: string): string {
  const full = new URL(url);
  full.password = encodeURIComponent(password);
  return full.href;
}

const aliasesOfVerifyFull = ['prefer', 'require', 'verify-ca'];

/** The driver takes three modes for `verify-full`, with a warning of many lines on stderr: calling it by its name means the same without. */
function withPlainSslMode(url: string): string {
  const full = new URL(url);
  const { searchParams } = full;
  if (searchParams.get('uselibpqcompat') === 'true' || !aliasesOfVerifyFull.includes(searchParams.get('sslmode') ?? '')) return url;
  searchParams.set('sslmode', 'verify-full');
  return full.href;
}

const [int8, timestamptz, jsonb] = [20, 1184, 3802];

// Made once: the driver asks for a parser with every column of every answer.
const asText = (text: string): string => text;

/** ISO 8601 of a `timestamptz(3)`, such as `2026-03-01 12:00:00.5+00`. As a session in UTC writes it, it is only rearranged: parsing cost 3 µs of an insert of 105. */
export function toIsoTime(text: string): string {
  if (!text.endsWith('+00') || text.charCodeAt(10) !== space || text.length > longestUtcTime) return new Date(text).toISOString();
  const fraction = text.slice(20, -3).padEnd(3, '0');
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction}Z`;
}

const space = 0x20;
const longestUtcTime = '2026-03-01 12:00:00.500+00'.length;

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

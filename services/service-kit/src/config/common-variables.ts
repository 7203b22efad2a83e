import type { ConfigurationSchema } from '../declaration';

/**
 * The variables that every service reads, beside those of its own declaration.
 *
 * `PORT` has no default here: it is the declaration's port.
 */
export const commonVariables = {
  PORT: { kind: 'integer', minimum: 0, maximum: 65_535, description: 'TCP port to listen on; 0 takes any free one' },
  HOST: { kind: 'text', spaceless: true, default: '0.0.0.0', description: 'Address to listen on' },
  DATABASE_URL: {
    kind: 'url',
    schemes: ['postgres', 'postgresql'],
    secret: true,
    description: 'PostgreSQL database to use instead of the SQLite file',
  },
  DATABASE_PASSWORD: {
    kind: 'text',
    secret: true,
    description: 'Password for DATABASE_URL, where the URL holds none',
  },
  DATABASE_POOL_SIZE: {
    kind: 'integer',
    minimum: 3,
    maximum: 100,
    default: 10,
    description: 'PostgreSQL connections for requests; one more belongs to the readiness check',
  },
  MIGRATE_ON_START: {
    kind: 'flag',
    default: true,
    description: 'Migrate the schema at start; false leaves it to a Job that runs `main.js migrate` (PostgreSQL only)',
  },
  LOG_LEVEL: {
    kind: 'choice',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    default: 'info',
    description: 'Least level that is logged; probes and scrapes are logged at debug',
  },
  SHUTDOWN_TIMEOUT_MS: {
    kind: 'integer',
    minimum: 0,
    maximum: 600_000,
    default: 25_000,
    description:
      'Longest time in milliseconds from SIGTERM on for requests in flight, the first 500 ms of serving on included; past it connections are cut and the exit code is 1',
  },
  READINESS_REQUIRES_PEERS: {
    kind: 'flag',
    default: false,
    description: 'A peer that is down makes the service not ready (503) instead of degraded (200)',
  },
  RATE_LIMIT_PER_MINUTE: {
    kind: 'integer',
    minimum: 1,
    maximum: 1_000_000,
    description: 'Requests a minute that one client address may make; unset means no limit. All calls of a peer come from its address: it is one client',
  },
  TRUST_PROXY: {
    kind: 'integer',
    minimum: 0,
    maximum: 10,
    default: 0,
    description: 'Reverse proxies in front whose X-Forwarded-For is believed',
  },
  BERTH_VERSION: { kind: 'text', default: '0.1.0', description: 'Version that logs, /version and build_info tell; set by the image' },
  BERTH_REVISION: { kind: 'text', default: 'unknown', description: 'Git revision that /version and build_info tell; set by the image' },
} as const satisfies ConfigurationSchema;

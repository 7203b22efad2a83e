import type { AddressInfo } from 'node:net';
import type { ServiceConfiguration } from '../config/configuration';
import type { ConfigurationSchema, ServiceDeclaration } from '../declaration';
import { createReadiness } from '../health/readiness';
import { createServiceOperations } from '../health/service-operations';
import { createApp } from '../http/app';
import type { ExchangeHost } from '../http/exchange';
import { UnsentAnswers } from '../http/unsent-answers';
import type { Operation } from '../http/operation';
import { createRateLimit } from '../http/rate-limit';
import { apiSecurityHeaders } from '../http/security-headers';
import { createHttpServer } from '../http/server';
import { createPostgresIdempotencyKeys } from '../idempotency/postgres-idempotency-keys';
import { createSqliteIdempotencyKeys } from '../idempotency/sqlite-idempotency-keys';
import type { Logger } from '../logger';
import { commonMetrics } from '../metrics/common-metrics';
import { type Build, createMetrics, gauge, type Metrics } from '../metrics/metrics';
import { createDocumentationOperations } from '../openapi/documentation-operations';
import type { PeerClient } from '../peer/peer-client';
import type { Migration } from '../store/migrations';
import { openStore } from '../store/open-store';
import type { Store } from '../store/store';
import { assertCanListen, listen } from './listen';
import { migrateDatabase } from './migrate';
import { shutDown, watchSilentSockets } from './shutdown';

/** What a service's own code is given. */
export interface ServiceParts<Schema extends ConfigurationSchema> {
  readonly config: ServiceConfiguration<Schema>;
  readonly store: Store;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** What a service's own code gives back. */
export interface ServiceParticulars {
  readonly operations: readonly Operation[];
  /** The peers it calls: looked at for readiness, closed at the end. */
  readonly peers?: readonly PeerClient[];
}

/** A service: its declaration, its migrations and how it is put together. */
export interface ServiceDefinition<Schema extends ConfigurationSchema> {
  readonly declaration: ServiceDeclaration<Schema>;
  readonly migrations: readonly Migration[];
  create(parts: ServiceParts<Schema>): ServiceParticulars;
}

/** A service that listens. */
export interface RunningService {
  /** The port it listens on. */
  readonly port: number;
  readonly store: Store;
  /** Ends it without losing a request. @returns the exit code */
  stop(): Promise<number>;
}

/** How often stored answers past their retention are deleted, in milliseconds. */
const sweepIntervalMs = 60 * 1000;

/**
 * Puts a service together and makes it listen. A SQLite schema is migrated first; PostgreSQL's is the caller's part, and the service
 * is not ready before.
 *
 * @throws CannotListen before anything is touched when HOST or PORT can't be listened on, at the end when the port is taken
 * @throws MigrationRefused when the SQLite file and this release do not belong together
 * @throws DatabaseInUse when another process serves the same SQLite file
 */
export async function startService<Schema extends ConfigurationSchema>(
  definition: ServiceDefinition<Schema>,
  config: ServiceConfiguration<Schema>,
  build: Build,
  logger: Logger,
): Promise<RunningService> {
  const { declaration } = definition;
  await assertCanListen(config.PORT, config.HOST);
  const metrics = createMetrics(build);
  const store = openStore(declaration, config, metrics, logger);
  gauge(metrics.registry, commonMetrics.databaseConnections, (self) => {
    for (const [state, count] of Object.entries(store.connections())) self.set({ state }, count);
  });
  const { operations, peers = [] } = definition.create({ config, store, logger, metrics });
  const lifecycle = { draining: false };
  const draining = () => lifecycle.draining;
  const readiness = createReadiness({
    store,
    schemaMinimum: declaration.store.schemaMinimum,
    peers,
    requiresPeers: config.READINESS_REQUIRES_PEERS,
    draining,
  });
  const keys = store.dialect === 'sqlite' ? createSqliteIdempotencyKeys(store) : createPostgresIdempotencyKeys(store);
  const host: ExchangeHost = { logger, metrics, unsent: new UnsentAnswers(), baseHeaders: apiSecurityHeaders, draining };
  const all = [...operations, ...createServiceOperations({ build, registry: metrics.registry, readiness })];
  const info = { title: declaration.name, version: build.version, description: declaration.description };
  const app = createApp({
    operations: [...all, ...createDocumentationOperations(info, all)],
    host,
    keys,
    rateLimit:
      config.RATE_LIMIT_PER_MINUTE === undefined
        ? undefined
        : createRateLimit({ requestsPerMinute: config.RATE_LIMIT_PER_MINUTE, trustedHops: config.TRUST_PROXY }),
  });
  const server = createHttpServer(app, host);
  const silentSockets = watchSilentSockets(server);
  const closeResources = async () => {
    clearInterval(sweep);
    await Promise.all(peers.map((peer) => peer.close()));
    await store.close();
  };
  const sweep = setInterval(
    () => void keys.sweep().catch((err: unknown) => logger.warn({ err }, 'old idempotency keys could not be deleted')),
    sweepIntervalMs,
  ).unref();
  try {
    if (store.dialect === 'sqlite') await migrateDatabase(definition, config, logger);
    await listen(server, config.PORT, config.HOST);
  } catch (error) {
    await closeResources();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  logger.info({ host: config.HOST, port, store: store.dialect }, 'listening');
  return {
    port,
    store,
    stop: () =>
      shutDown({
        server,
        silentSockets,
        logger,
        timeoutMs: config.SHUTDOWN_TIMEOUT_MS,
        startDraining: () => {
          lifecycle.draining = true;
        },
        closeResources,
      }),
  };
}

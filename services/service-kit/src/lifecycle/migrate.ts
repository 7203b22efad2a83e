import type { CommonConfiguration } from '../config/configuration';
import type { Logger } from '../logger';
import type { ConfigurationSchema, ServiceDeclaration } from '../declaration';
import { inspect, migrate, type Migration } from '../store/migrations';
import { openMigrationTarget } from '../store/open-store';
import { permanentFault } from '../store/postgres/postgres-errors';

interface Migratable<Schema extends ConfigurationSchema> {
  readonly declaration: ServiceDeclaration<Schema>;
  readonly migrations: readonly Migration[];
}

/** No connection to PostgreSQL. The message is the driver's. */
export class DatabaseUnreachable extends Error {
  override readonly name = 'DatabaseUnreachable';

  constructor(cause: unknown) {
    // Where a name has several addresses, the driver's error is one without words around one for each.
    super(cause instanceof AggregateError ? cause.errors.map((error) => (error as Error).message).join(', ') : (cause as Error).message, { cause });
  }
}

/** Milliseconds between two tries to reach a database that is down: first, and at most; it doubles. */
const retry = { firstMs: 500, longestMs: 4_000 } as const;

/**
 * Applies the missing migrations once.
 *
 * @throws MigrationRefused when the database and this release do not belong together
 * @throws MigrationFailed when a migration's SQL fails
 * @throws DatabaseUnreachable when PostgreSQL is down or refuses the connection
 */
export async function migrateDatabase<Schema extends ConfigurationSchema>(
  { declaration, migrations }: Migratable<Schema>,
  config: CommonConfiguration,
  logger: Logger,
): Promise<void> {
  const target = await openMigrationTarget(declaration, config).catch((error: unknown) => {
    throw permanentFault(error) ?? (config.DATABASE_URL === undefined ? error : new DatabaseUnreachable(error));
  });
  try {
    const applied = await migrate(target, declaration.name, migrations);
    logger.info({ applied, schema: declaration.store.schema }, 'schema migrated');
  } finally {
    await target.close().catch(() => undefined);
  }
}

/**
 * Makes sure, in the background, that the database fits: applies the missing migrations, or where a Job does that only looks whose database
 * it is. Waits for a database that is down: until then the service is live and not ready.
 *
 * @throws MigrationRefused when waiting can't help: another service's database, an edited migration, a pooler in between
 */
export async function settleDatabase<Schema extends ConfigurationSchema>(
  service: Migratable<Schema>,
  config: CommonConfiguration,
  logger: Logger,
): Promise<void> {
  for (let waitMs: number = retry.firstMs; ; waitMs = Math.min(2 * waitMs, retry.longestMs)) {
    try {
      await (config.MIGRATE_ON_START ? migrateDatabase(service, config, logger) : inspectDatabase(service, config));
      return;
    } catch (err) {
      const fault = permanentFault(err);
      if (fault) throw fault;
      logger.warn({ err, retry_in_ms: waitMs }, 'the database could not be reached to see to its schema');
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

async function inspectDatabase<Schema extends ConfigurationSchema>(
  { declaration, migrations }: Migratable<Schema>,
  config: CommonConfiguration,
): Promise<void> {
  const target = await openMigrationTarget(declaration, config);
  try {
    await inspect(target, declaration.name, migrations);
  } finally {
    await target.close().catch(() => undefined);
  }
}

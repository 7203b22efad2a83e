import type { CommonConfiguration } from '../config/configuration';
import type { Logger } from '../logger';
import type { ConfigurationSchema, ServiceDeclaration } from '../declaration';
import { migrate, type Migration } from '../store/migrations';
import { openMigrationTarget } from '../store/open-store';
import { permanentFault } from '../store/postgres/postgres-errors';

interface Migratable<Schema extends ConfigurationSchema> {
  readonly declaration: ServiceDeclaration<Schema>;
  readonly migrations: readonly Migration[];
}

/** Milliseconds between two tries to reach a database that is down. */
const retryMs = 1_000;

/**
 * Applies the missing migrations once.
 *
 * @throws MigrationRefused when the database and this release do not belong together
 */
export async function migrateDatabase<Schema extends ConfigurationSchema>(
  { declaration, migrations }: Migratable<Schema>,
  config: CommonConfiguration,
  logger: Logger,
): Promise<void> {
  const target = await openMigrationTarget(declaration, config).catch((error: unknown) => {
    throw permanentFault(error) ?? error;
  });
  try {
    const applied = await migrate(target, declaration.name, migrations);
    logger.info({ applied, schema: declaration.store.schema }, 'schema migrated');
  } finally {
    await target.close().catch(() => undefined);
  }
}

/** Applies the missing migrations, waiting for a database that is down: until then the service is live and not ready. */
export async function migrateUntilDone<Schema extends ConfigurationSchema>(
  service: Migratable<Schema>,
  config: CommonConfiguration,
  logger: Logger,
): Promise<void> {
  for (;;) {
    try {
      await migrateDatabase(service, config, logger);
      return;
    } catch (err) {
      const fault = permanentFault(err);
      if (fault) throw fault;
      logger.warn({ err }, 'the schema could not be migrated yet');
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}

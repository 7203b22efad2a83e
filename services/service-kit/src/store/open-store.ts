import type { CommonConfiguration } from '../config/configuration';
import type { ServiceDeclaration } from '../declaration';
import type { Logger } from '../logger';
import type { Metrics } from '../metrics/metrics';
import type { MigrationTarget } from './migrations';
import type { PostgresAddress } from './postgres/postgres-client';
import { openPostgresMigrationTarget } from './postgres/postgres-migration-target';
import { openPostgresStore } from './postgres/postgres-store';
import { openSqliteMigrationTarget } from './sqlite/sqlite-migration-target';
import { openSqliteStore } from './sqlite/sqlite-store';
import type { Store } from './store';

/** Opens the store that the configuration names: PostgreSQL when `DATABASE_URL` is set, else the SQLite file. */
export function openStore(declaration: ServiceDeclaration, config: CommonConfiguration, metrics: Metrics, logger: Logger): Store {
  const address = postgresAddress(declaration, config);
  if (address) return openPostgresStore(address, config.DATABASE_POOL_SIZE, metrics);
  return openSqliteStore(sqlitePath(declaration, config), metrics, {
    onTakeOver(what) {
      if (what === 'taken') logger.info('a restored database took the place of the one before');
      else if (what !== 'none') logger.warn({ reason: what }, 'a restored database was left out');
    },
  });
}

/** Opens the same database for migration. */
export async function openMigrationTarget(declaration: ServiceDeclaration, config: CommonConfiguration): Promise<MigrationTarget> {
  const address = postgresAddress(declaration, config);
  return address ? openPostgresMigrationTarget(address) : openSqliteMigrationTarget(sqlitePath(declaration, config));
}

function postgresAddress({ name }: ServiceDeclaration, config: CommonConfiguration): PostgresAddress | undefined {
  const { DATABASE_URL: url, DATABASE_PASSWORD: password } = config;
  return url === undefined ? undefined : { url, password, applicationName: name };
}

/** The path of a service's SQLite file. */
export function sqlitePath({ store }: ServiceDeclaration, config: CommonConfiguration): string {
  return (config as unknown as Record<string, string>)[store.pathVariable]!;
}

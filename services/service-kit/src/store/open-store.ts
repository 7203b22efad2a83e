import type { CommonConfiguration } from '../config/configuration';
import type { ServiceDeclaration } from '../declaration';
import type { Metrics } from '../metrics/metrics';
import type { MigrationTarget } from './migrations';
import type { PostgresAddress } from './postgres/postgres-client';
import { openPostgresMigrationTarget } from './postgres/postgres-migration-target';
import { openPostgresStore } from './postgres/postgres-store';
import { openSqliteMigrationTarget } from './sqlite/sqlite-migration-target';
import { openSqliteStore } from './sqlite/sqlite-store';
import type { Store } from './store';

/** Opens the store that the configuration names: PostgreSQL when `DATABASE_URL` is set, else the SQLite file. */
export function openStore(declaration: ServiceDeclaration, config: CommonConfiguration, metrics: Metrics): Store {
  const address = postgresAddress(declaration, config);
  return address ? openPostgresStore(address, config.DATABASE_POOL_SIZE, metrics) : openSqliteStore(sqlitePath(declaration, config), metrics);
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

function sqlitePath({ store }: ServiceDeclaration, config: CommonConfiguration): string {
  return (config as unknown as Record<string, string>)[store.pathVariable]!;
}

import type { MigrationTarget } from '../migrations';
import { SqliteConnection } from './sqlite-connection';

/** Opens a SQLite file for migration. A running service may keep serving it: SQLite's own write lock keeps migrators apart. */
export function openSqliteMigrationTarget(path: string): MigrationTarget {
  const connection = SqliteConnection.open(path);
  return {
    dialect: 'sqlite',
    async transaction(work) {
      connection.run('BEGIN IMMEDIATE', []);
      try {
        const result = await work({
          execute: (sql) => new Promise((resolve) => resolve(void connection.db.exec(sql))),
          query: (sql, parameters) => Promise.resolve(connection.run(sql, parameters).rows),
        });
        connection.run('COMMIT', []);
        return result;
      } finally {
        if (connection.db.inTransaction) connection.run('ROLLBACK', []);
      }
    },
    close: () => Promise.resolve(void connection.db.close()),
  };
}

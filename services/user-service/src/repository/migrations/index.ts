import { idempotencyMigration, type Migration } from '@berth/service-kit';
import { createUsers } from './0002-create-users';

/** All migrations in order. Released ones never change. */
export const migrations: readonly Migration[] = [idempotencyMigration, createUsers];

import { idempotencyMigration, type Migration } from '@berth/service-kit';
import { createOrders } from './0002-create-orders';

/** All migrations in order. Released ones never change. */
export const migrations: readonly Migration[] = [idempotencyMigration, createOrders];

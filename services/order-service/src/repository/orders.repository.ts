import { type AlongsideWrite, createStatements, page, type Page, type PageRequest, type Store, withDeadline } from '@berth/service-kit';
import type { Generated } from 'kysely';
import type { NewOrder, Order, OrderItem } from '../models/order';
import type { OrderStatus } from '../models/order-status';

/** A list's filters and page. */
export interface OrderQuery extends PageRequest {
  readonly userId?: number | undefined;
  readonly status?: OrderStatus | undefined;
}

/** The stored columns of a change. */
export type OrderColumns = Pick<Order, 'status' | 'items' | 'shippingAddress'>;

/** Orders in the store. */
export interface OrdersRepository {
  /** @param deadlineMs - milliseconds that it may take */
  find(id: number, deadlineMs?: number): Promise<Order | undefined>;
  list(query: OrderQuery): Promise<Page<Order>>;
  /** Adds a pending order. */
  insert(order: NewOrder, alongside?: AlongsideWrite<Order>): Promise<Order>;
  /** Writes an order's columns where its version is still the given one. @returns the order as it is then, `undefined` when it has changed */
  update(order: Order, columns: OrderColumns, deadlineMs?: number): Promise<Order | undefined>;
  /** Deletes an order, with a version only where it is still that one. @returns whether it did */
  delete(id: number, version?: number, deadlineMs?: number): Promise<boolean>;
}

/** Orders in a SQLite or PostgreSQL database. */
export function createOrdersRepository(store: Store): OrdersRepository {
  const sql = compileStatements(store.dialect);
  return {
    async find(id, deadlineMs) {
      const row = await store.find<OrderRow>(withDeadline(sql.find({ id }), deadlineMs));
      return row && toOrder(row);
    },
    async list(query) {
      const listed = await store.list<OrderRow>(sql.list(query), 'orders');
      const { items, nextCursor } = page(listed, query.limit);
      return { items: items.map(toOrder), nextCursor };
    },
    insert: ({ userId, items, shippingAddress }, alongside) =>
      store.write({
        query: sql.insert({ userId, items: JSON.stringify(items), shippingAddress, now: new Date().toISOString() }),
        result: ([row]) => toOrder(row as OrderRow),
        alongside,
        groupable: true,
      }),
    update: ({ id, version }, { status, items, shippingAddress }, deadlineMs) =>
      store.write({
        query: withDeadline(sql.update({ id, version, status, items: JSON.stringify(items), shippingAddress, now: new Date().toISOString() }), deadlineMs),
        result: ([row]) => (row === undefined ? undefined : toOrder(row as OrderRow)),
      }),
    delete: (id, version, deadlineMs) =>
      store.write({
        query: withDeadline(version === undefined ? sql.delete({ id }) : sql.deleteVersion({ id, version }), deadlineMs),
        result: (rows) => rows.length === 1,
      }),
  };
}

interface OrderRow {
  readonly id: number;
  readonly user_id: number;
  readonly status: OrderStatus;
  /** JSON of {@link OrderItem}s. */
  readonly items: string;
  readonly shipping_address: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly version: number;
}

interface Database {
  orders: Omit<OrderRow, 'id' | 'version'> & { id: Generated<number>; version: Generated<number> };
}

const columns = ['id', 'user_id', 'status', 'items', 'shipping_address', 'created_at', 'updated_at', 'version'] as const;

interface Insertion {
  readonly userId: number;
  readonly items: string;
  readonly shippingAddress: string | null;
  readonly now: string;
}

interface Update extends Omit<Insertion, 'userId'> {
  readonly id: number;
  readonly version: number;
  readonly status: OrderStatus;
}

function compileStatements(dialect: Store['dialect']) {
  const { compile, build } = createStatements<Database>(dialect);
  return {
    find: compile<{ id: number }>('orders.find', (db, { id }) => db.selectFrom('orders').select(columns).where('id', '=', id)),
    insert: compile<Insertion>('orders.insert', (db, { userId, items, shippingAddress, now }) =>
      db
        .insertInto('orders')
        .values({ user_id: userId, status: 'pending', items, shipping_address: shippingAddress, created_at: now, updated_at: now })
        .returning(columns),
    ),
    update: compile<Update>('orders.update', (db, { id, version, status, items, shippingAddress, now }) =>
      db
        .updateTable('orders')
        .set((row) => ({ status, items, shipping_address: shippingAddress, updated_at: now, version: row('version', '+', 1) }))
        .where('id', '=', id)
        .where('version', '=', version)
        .returning(columns),
    ),
    delete: compile<{ id: number }>('orders.delete', (db, { id }) => db.deleteFrom('orders').where('id', '=', id).returning('id')),
    deleteVersion: compile<{ id: number; version: number }>('orders.delete_version', (db, { id, version }) =>
      db.deleteFrom('orders').where('id', '=', id).where('version', '=', version).returning('id'),
    ),
    list: ({ limit, cursor, offset, userId, status }: OrderQuery) =>
      build('orders.list', (db) => {
        let query = db
          .selectFrom('orders')
          .select(columns)
          .orderBy('id')
          .limit(limit + 1);
        if (userId !== undefined) query = query.where('user_id', '=', userId);
        if (status !== undefined) query = query.where('status', '=', status);
        if (cursor !== undefined) query = query.where('id', '>', cursor);
        return offset === undefined ? query : query.offset(offset);
      }),
  };
}

function toOrder({ id, user_id, status, items, shipping_address, created_at, updated_at, version }: OrderRow): Order {
  return {
    id,
    userId: user_id,
    status,
    items: JSON.parse(items) as OrderItem[],
    shippingAddress: shipping_address,
    createdAt: created_at,
    updatedAt: updated_at,
    version,
  };
}

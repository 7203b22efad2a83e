import { type AlongsideWrite, createStatements, page, type Page, type PageRequest, type Store, UniqueViolation, withDeadline } from '@berth/service-kit';
import type { Generated } from 'kysely';
import { emailKey, type NewUser, type User } from '../models/user';

/** A list's filter and page. */
export interface UserQuery extends PageRequest {
  /** Only the user with this address, in any case. */
  readonly email?: string | undefined;
}

/** The stored columns of a change. */
export type UserColumns = Pick<User, 'email' | 'name' | 'age'>;

/** Users in the store. */
export interface UsersRepository {
  /** @param deadlineMs - milliseconds that it may take */
  find(id: number, deadlineMs?: number): Promise<User | undefined>;
  list(query: UserQuery): Promise<Page<User>>;
  /** Adds a user; `undefined` when its address is taken. */
  insert(user: NewUser, alongside?: AlongsideWrite<User>): Promise<User | undefined>;
  /**
   * Writes a user's columns where its version is still the given one.
   *
   * @returns the user as it is then, `undefined` when the version has changed, `'taken'` when the address is another user's
   */
  update(user: User, columns: UserColumns, deadlineMs?: number): Promise<User | 'taken' | undefined>;
  /** Deletes a user, with a version only where it is still that one. @returns whether it did */
  delete(id: number, version?: number, deadlineMs?: number): Promise<boolean>;
}

/** Users in a SQLite or PostgreSQL database. */
export function createUsersRepository(store: Store): UsersRepository {
  const sql = compileStatements(store.dialect);
  return {
    async find(id, deadlineMs) {
      const row = await store.find<UserRow>(withDeadline(sql.find({ id }), deadlineMs));
      return row && toUser(row);
    },
    async list(query) {
      const listed = await store.list<UserRow>(sql.list(query), 'users');
      const { items, nextCursor } = page(listed, query.limit);
      return { items: items.map(toUser), nextCursor };
    },
    async insert({ email, name, age }, alongside) {
      const now = new Date().toISOString();
      try {
        return await store.write({
          query: sql.insert({ email, emailKey: emailKey(email), name, age: age ?? null, now }),
          result: ([row]) => {
            if (row === undefined) throw new UniqueViolation('The address is taken');
            return toUser(row as UserRow);
          },
          alongside,
          groupable: true,
        });
      } catch (error) {
        if (error instanceof UniqueViolation) return undefined;
        throw error;
      }
    },
    async update({ id, version }, columns, deadlineMs) {
      const now = new Date().toISOString();
      try {
        return await store.write({
          query: withDeadline(sql.update({ id, version, ...columns, emailKey: emailKey(columns.email), now }), deadlineMs),
          result: ([row]) => (row === undefined ? undefined : toUser(row as UserRow)),
        });
      } catch (error) {
        if (error instanceof UniqueViolation) return 'taken';
        throw error;
      }
    },
    delete: (id, version, deadlineMs) =>
      store.write({
        query: withDeadline(version === undefined ? sql.delete({ id }) : sql.deleteVersion({ id, version }), deadlineMs),
        result: (rows) => rows.length === 1,
      }),
  };
}

interface UserRow {
  readonly id: number;
  readonly email: string;
  readonly name: string;
  readonly age: number | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly version: number;
}

interface Database {
  users: Omit<UserRow, 'id' | 'version'> & { id: Generated<number>; email_key: string; version: Generated<number> };
}

const columns = ['id', 'email', 'name', 'age', 'created_at', 'updated_at', 'version'] as const;

function compileStatements(dialect: Store['dialect']) {
  const { compile, build } = createStatements<Database>(dialect);
  return {
    find: compile<{ id: number }>('users.find', (db, { id }) => db.selectFrom('users').select(columns).where('id', '=', id)),
    insert: compile<UserColumns & { emailKey: string; now: string }>('users.insert', (db, { email, emailKey, name, age, now }) =>
      db
        .insertInto('users')
        .values({ email, email_key: emailKey, name, age, created_at: now, updated_at: now })
        .onConflict((conflict) => conflict.column('email_key').doNothing())
        .returning(columns),
    ),
    update: compile<UserColumns & { id: number; version: number; emailKey: string; now: string }>(
      'users.update',
      (db, { id, version, email, emailKey, name, age, now }) =>
        db
          .updateTable('users')
          .set((row) => ({ email, email_key: emailKey, name, age, updated_at: now, version: row('version', '+', 1) }))
          .where('id', '=', id)
          .where('version', '=', version)
          .returning(columns),
    ),
    delete: compile<{ id: number }>('users.delete', (db, { id }) => db.deleteFrom('users').where('id', '=', id).returning('id')),
    deleteVersion: compile<{ id: number; version: number }>('users.delete_version', (db, { id, version }) =>
      db.deleteFrom('users').where('id', '=', id).where('version', '=', version).returning('id'),
    ),
    list: ({ limit, cursor, offset, email }: UserQuery) =>
      build('users.list', (db) => {
        let query = db
          .selectFrom('users')
          .select(columns)
          .orderBy('id')
          .limit(limit + 1);
        if (email !== undefined) query = query.where('email_key', '=', emailKey(email));
        if (cursor !== undefined) query = query.where('id', '>', cursor);
        return offset === undefined ? query : query.offset(offset);
      }),
  };
}

function toUser({ id, email, name, age, created_at, updated_at, version }: UserRow): User {
  return { id, email, name, age, createdAt: created_at, updatedAt: updated_at, version };
}

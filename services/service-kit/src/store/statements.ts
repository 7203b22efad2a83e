import {
  type Compilable,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { Query, Store } from './store';

/** A statement compiled once: give it values, get a query. */
export type Statement<Values> = (values: Values) => Query;

/** Writes SQL with Kysely for one store. Nothing here runs it: the store prepares it and runs it itself. */
export interface Statements<Database> {
  /**
   * Compiles a statement once. `build` sees a stand-in for each value, so it must not look at them.
   *
   * @param label - stable name for metrics
   */
  compile<Values extends object>(label: string, build: (db: Kysely<Database>, values: Values) => Compilable): Statement<Values>;
  /** Compiles a statement whose shape depends on the request. */
  build(label: string, build: (db: Kysely<Database>) => Compilable): Query;
}

/** Makes the statements of one dialect. */
export function createStatements<Database>(dialect: Store['dialect']): Statements<Database> {
  const db = new Kysely<Database>({ dialect: dialects[dialect] });
  const shapes = new Map<string, string>();
  return {
    compile(label, build) {
      const { sql, parameters } = build(db, standIns()).compile();
      const names = parameters.map((parameter) => (parameter instanceof StandIn ? parameter.name : undefined));
      return (values) => ({
        label,
        sql,
        parameters: names.map((name, i) => (name === undefined ? parameters[i] : (values as Record<string, unknown>)[name])),
      });
    },
    build(label, build) {
      const { sql, parameters } = build(db).compile();
      let name = shapes.get(sql);
      if (name === undefined) shapes.set(sql, (name = `${label}.${shapes.size + 1}`));
      return { label, name, sql, parameters };
    },
  };
}

const dialects = {
  sqlite: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
  postgres: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db: Kysely<unknown>) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
};

class StandIn {
  constructor(readonly name: string) {}
}

/** Whatever member is asked for is a stand-in of that name; Kysely takes it as a value. */
function standIns<Values extends object>(): Values {
  return new Proxy({} as Values, {
    get: (_target, name) => new StandIn(String(name)),
    ownKeys: () => {
      throw new TypeError('name each value: a statement is compiled before there are any to spread');
    },
  });
}

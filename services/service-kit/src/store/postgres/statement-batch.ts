import type { Connection, Submittable } from 'pg';
import { loadPg } from './postgres-client';

/** A row by column name, its values as the connection's parsers give them. */
export type Row = Readonly<Record<string, unknown>>;

/** What a statement's values are. */
export type Value = string | number | null;

/** One prepared statement and the values of each of its runs. */
export interface Runs {
  /** One name, one text. */
  readonly name: string;
  readonly text: string;
  readonly values: readonly (readonly Value[])[];
}

/**
 * Runs of one statement with a single Sync behind them: they leave in one packet, are answered in one, and are one transaction, which commits at the
 * Sync (https://www.postgresql.org/docs/17/protocol-flow.html#PROTOCOL-FLOW-PIPELINING). The driver's own queries send a Sync each.
 *
 * It is what the driver calls a submittable: `client.query` takes it. After an error that isn't the server's the client must not be used again.
 */
export class StatementBatch implements Submittable {
  /** The driver notes under name and text what it has prepared. */
  readonly name: string;
  readonly text: string;
  /** The driver lays the client's parsers of columns into it. */
  readonly _result = new (loadPg().Result as unknown as DriverResultClass)();
  private readonly rows: Row[][] = [];
  private current: Row[] = [];
  private unreadable: Error | undefined;

  /** @param done - called once: after the Sync with the rows of each run in order, or with the error that PostgreSQL or the driver told, as soon as it came */
  constructor(
    private readonly runs: Runs,
    private readonly done: (error: Error | undefined, rows: readonly (readonly Row[])[]) => void,
  ) {
    this.name = runs.name;
    this.text = runs.text;
  }

  /** Called by the driver when it is this batch's turn, and so is every method below when its message comes in. */
  submit(driverConnection: Connection): void {
    const connection = driverConnection as unknown as DriverConnection;
    const { name, text, values: runs } = this.runs;
    connection.stream.cork();
    if (connection.parsedStatements[name] === undefined) connection.parse({ name, text });
    runs.forEach((values, run) => {
      connection.bind({ statement: name, values, valueMapper: toText });
      // Every run has the same columns: told once.
      if (run === 0) connection.describe({ type: 'P' });
      connection.execute();
    });
    connection.sync();
    connection.stream.uncork();
  }

  handleRowDescription({ fields }: { readonly fields: readonly unknown[] }): void {
    this._result.addFields(fields);
  }

  handleDataRow({ fields }: { readonly fields: readonly unknown[] }): void {
    try {
      this.current.push(this._result.parseRow(fields));
    } catch (error) {
      this.unreadable ??= error as Error;
    }
  }

  handleCommandComplete(): void {
    this.rows.push(this.current);
    this.current = [];
  }

  handleReadyForQuery(): void {
    this.done(this.unreadable, this.rows);
  }

  handleError(error: Error): void {
    this.done(error, []);
  }
}

/** Of the driver's connection, what its typings leave out, or ask for although it may be left out. */
interface DriverConnection extends Pick<Connection, 'stream' | 'sync'> {
  readonly parsedStatements: Readonly<Record<string, string | undefined>>;
  parse(statement: { readonly name: string; readonly text: string }): void;
  bind(run: { readonly statement: string; readonly values: readonly Value[]; readonly valueMapper: (value: Value) => string | null }): void;
  describe(what: { readonly type: 'P' }): void;
  execute(): void;
}

type DriverResultClass = new () => {
  addFields(fields: readonly unknown[]): void;
  parseRow(fields: readonly unknown[]): Row;
};

function toText(value: Value): string | null {
  return value === null ? value : String(value);
}

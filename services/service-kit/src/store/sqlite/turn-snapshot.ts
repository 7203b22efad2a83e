import type { SqliteConnection } from './sqlite-connection';

/**
 * One read transaction for all reads of a turn of the event loop: entering and leaving one takes two locks on the file, which costs as much as the
 * look-up itself. It ends with the turn, and before the turn's writes are committed: what is read after a write's answer sees that write,
 * and the write-ahead log never waits for a reader to start over.
 */
export class TurnSnapshot {
  private entered = false;

  /** @param reader - a connection that nothing is written on */
  constructor(private readonly reader: SqliteConnection) {}

  /** Call before each read. */
  enter(): void {
    if (this.entered) return;
    this.reader.run('BEGIN', []);
    this.entered = true;
    setImmediate(() => this.leave());
  }

  /** Ends it, if there is one. */
  leave(): void {
    if (!this.entered) return;
    this.entered = false;
    // An I/O error may have ended it already.
    if (this.reader.db.inTransaction) this.reader.run('ROLLBACK', []);
  }
}

import { Problem, problems } from '../problem';
import { waitAtMost } from '../wait-at-most';
import { databaseDeadlineMs } from './store';

/**
 * Changes a row by compare and set: read it, decide, write where its version is still the one that was read. When somebody else was
 * faster, read again and decide again, until the request's time with the database is over.
 *
 * @param id - the row's; changes of one row by this process take turns
 * @param read - reads the row within so many milliseconds, or throws the problem that there is none
 * @param write - writes within so many milliseconds what was decided; `undefined` when the version had changed
 * @throws Problem 409 `edit_conflict` when others were faster until the end, 503 `overloaded` when it never was this one's turn
 */
export type ChangeRow = <Row, Result>(
  id: number,
  read: (deadlineMs: number) => Promise<Row>,
  write: (row: Row, deadlineMs: number) => Promise<Result | undefined>,
) => Promise<Result>;

/**
 * Makes the changes of one table's rows.
 *
 * @param deadlineMs - milliseconds for one change, waiting included. @default databaseDeadlineMs
 */
export function createChangeRow(deadlineMs = databaseDeadlineMs): ChangeRow {
  const turns = new Map<number, Promise<unknown>>();
  return async (id, read, write) => {
    const deadline = performance.now() + deadlineMs;
    const remainingMs = () => Math.floor(deadline - performance.now());
    const before = turns.get(id);
    const { promise: done, resolve: end } = Promise.withResolvers<void>();
    const turn = Promise.all([before, done]);
    turns.set(id, turn);
    try {
      let ours = before === undefined;
      const waiting = before?.then(() => (ours = true));
      if (waiting) await waitAtMost(remainingMs(), waiting);
      if (!ours || remainingMs() <= 0) throw new Problem(problems.overloaded, 'The row stayed busy: try again');
      do {
        const row = await read(Math.max(1, remainingMs()));
        const result = await write(row, Math.max(1, remainingMs()));
        if (result !== undefined) return result;
      } while (remainingMs() > 0);
      throw new Problem(problems.editConflict, 'Others kept changing this at the same time: try again');
    } finally {
      end();
      // Whoever comes next may then overtake those still waiting, which costs a try and nothing else.
      if (turns.get(id) === turn) turns.delete(id);
    }
  };
}

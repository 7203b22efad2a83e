import { Problem, problems } from '../problem';

/** Tries against other writers of the same row. */
const maximumTries = 5;

/**
 * Changes a row by compare and set: read it, decide, write where its version is still the one that was read. When somebody else was
 * faster, read again and decide again.
 *
 * @param read - reads the row, or throws the problem that there is none
 * @param write - writes what was decided; `undefined` when the version had changed
 * @throws Problem 409 `edit_conflict` after 5 tries
 */
export async function changeRow<Row, Result>(read: () => Promise<Row>, write: (row: Row) => Promise<Result | undefined>): Promise<Result> {
  for (let tries = 0; tries < maximumTries; tries++) {
    const result = await write(await read());
    if (result !== undefined) return result;
  }
  throw new Problem(problems.editConflict, 'Others kept changing this at the same time: try again', { headers: { 'Retry-After': '1' } });
}

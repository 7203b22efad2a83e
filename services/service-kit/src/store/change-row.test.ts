import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../problem';
import { createChangeRow } from './change-row';

interface Row {
  version: number;
}

const id = 1;
const changeRow = createChangeRow();

/** A row that others change `times` times between our read and our write. */
function contendedRow(times: number) {
  const row: Row = { version: 1 };
  let left = times;
  const seen: number[] = [];
  return {
    seen,
    read: () => Promise.resolve({ ...row }),
    write: async ({ version }: Row) => {
      seen.push(version);
      await nextTurn();
      if (left-- > 0) row.version++;
      return version === row.version ? `written at ${version}` : undefined;
    },
  };
}

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );

describe('a change by compare and set', () => {
  it('is written where nobody else was faster', async () => {
    const { read, write, seen } = contendedRow(0);
    expect(await changeRow(id, read, write)).toBe('written at 1');
    expect(seen).toEqual([1]);
  });

  it('decides again on a new look each time that somebody was faster', async () => {
    const { read, write, seen } = contendedRow(50);
    expect(await changeRow(id, read, write)).toBe('written at 51');
    expect(seen.length).toBe(51);
  });

  it('gives up at the deadline with a 409 that passes', async () => {
    const { read, write, seen } = contendedRow(Infinity);
    const startedAt = performance.now();
    const error = await rejection(createChangeRow(50)(id, read, write));
    expect(error).toBeInstanceOf(Problem);
    expect(error).toMatchObject({ type: { code: 'edit_conflict', status: 409, passing: true } });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(seen.length).toBeGreaterThan(5);
  });

  it('takes its turn behind the others of the row, so that none of them decides twice', async () => {
    const row: Row = { version: 1 };
    let writes = 0;
    const one = () =>
      changeRow(
        id,
        () => Promise.resolve({ ...row }),
        async ({ version }) => {
          writes++;
          await nextTurn();
          return version === row.version ? ++row.version : undefined;
        },
      );
    expect(await Promise.all(Array.from({ length: 60 }, one))).toEqual(Array.from({ length: 60 }, (_, i) => i + 2));
    expect(writes).toBe(60);
  });

  it('does not wait for changes of other rows, nor for one that failed', async () => {
    const stuck = changeRow(
      2,
      () => sleep(300),
      () => Promise.reject(new Error('stuck')),
    );
    const { read, write } = contendedRow(0);
    const startedAt = performance.now();
    await changeRow(id, read, write);
    expect(performance.now() - startedAt).toBeLessThan(250);
    expect(await rejection(stuck)).toEqual(new Error('stuck'));
    expect(await changeRow(2, read, write)).toBe('written at 1');
  });

  it('that never has its turn ends at the deadline with a 503, without a read', async () => {
    const busy = createChangeRow(60);
    const first = busy(
      id,
      () => sleep(200),
      () => Promise.resolve(1),
    );
    const error = await rejection(
      busy(
        id,
        () => Promise.reject(new Error('read')),
        () => Promise.resolve(1),
      ),
    );
    expect(error).toMatchObject({ type: { code: 'overloaded', status: 503, passing: true } });
    expect(await first).toBe(1);
  });

  it('tells reading and writing how much time is left', async () => {
    const left: number[] = [];
    await createChangeRow(1_000)(
      id,
      async (ms) => {
        left.push(ms);
        await sleep(50);
      },
      (_row, ms) => Promise.resolve(left.push(ms)),
    );
    expect(left[0]).toBeLessThanOrEqual(1_000);
    expect(left[1]).toBeLessThan(left[0]! - 30);
  });

  it('ends with whatever reading or writing throws', async () => {
    const gone = new Error('gone');
    const [good, bad] = [() => Promise.resolve(1), () => Promise.reject(gone)];
    await expect(changeRow(id, bad, good)).rejects.toBe(gone);
    await expect(changeRow(id, good, bad)).rejects.toBe(gone);
  });

  it.each([false, null])('takes a result that is %s as written', async (value) => {
    expect(
      await changeRow(
        id,
        () => Promise.resolve(1),
        () => Promise.resolve(value),
      ),
    ).toBe(value);
  });
});

import { Problem } from '../problem';
import { changeRow } from './change-row';

interface Row {
  version: number;
}

/** A row that others change `times` times between our read and our write. */
function contendedRow(times: number) {
  const row: Row = { version: 1 };
  let left = times;
  const seen: number[] = [];
  return {
    seen,
    read: () => Promise.resolve({ ...row }),
    write: ({ version }: Row) => {
      seen.push(version);
      if (left-- > 0) row.version++;
      return Promise.resolve(version === row.version ? `written at ${version}` : undefined);
    },
  };
}

describe('a change by compare and set', () => {
  it('is written where nobody else was faster', async () => {
    const { read, write, seen } = contendedRow(0);
    expect(await changeRow(read, write)).toBe('written at 1');
    expect(seen).toEqual([1]);
  });

  it('decides again on a new look each time that somebody was faster, up to five tries', async () => {
    const { read, write, seen } = contendedRow(4);
    expect(await changeRow(read, write)).toBe('written at 5');
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  it('gives up after five tries with 409 and Retry-After', async () => {
    const { read, write, seen } = contendedRow(5);
    const error: unknown = await changeRow(read, write).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Problem);
    expect(error).toMatchObject({ type: { code: 'edit_conflict', status: 409 }, headers: { 'Retry-After': '1' } });
    expect(seen.length).toBe(5);
  });

  it('ends with whatever reading or writing throws', async () => {
    const gone = new Error('gone');
    await expect(
      changeRow(
        () => Promise.reject(gone),
        () => Promise.resolve(1),
      ),
    ).rejects.toBe(gone);
    await expect(
      changeRow(
        () => Promise.resolve(1),
        () => Promise.reject(gone),
      ),
    ).rejects.toBe(gone);
  });

  it('takes a result that is false or null as written', async () => {
    expect(
      await changeRow(
        () => Promise.resolve(1),
        () => Promise.resolve(false),
      ),
    ).toBe(false);
    expect(
      await changeRow(
        () => Promise.resolve(1),
        () => Promise.resolve(null),
      ),
    ).toBeNull();
  });
});

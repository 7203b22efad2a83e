import { Problem } from '../problem';
import { page } from './page';

const rows = (...ids: readonly number[]) => ids.map((id) => ({ id }));

it.each([
  ['the last page, not full', rows(1, 2), Infinity, [1, 2], undefined],
  ['the last page, full', rows(1, 2, 3), Infinity, [1, 2, 3], undefined],
  ['a page before others', rows(1, 2, 3, 4), Infinity, [1, 2, 3], 3],
  ['an empty page', [], 0, [], undefined],
  ['a page before others whose end is not settled', rows(1, 2, 3, 4), 2, [1, 2], 2],
  ['a page whose successor alone is not settled', rows(1, 2, 3, 4), 3, [1, 2, 3], 3],
  ['the last page whose end is not settled: the rest is another page', rows(1, 2, 3), 2, [1, 2], 2],
  ['the last page of which nothing is settled: it needs no cursor', rows(7, 8), 6, [7, 8], undefined],
] as const)('cuts %s', (_what, listed, settled, ids, nextCursor) => {
  expect(page({ rows: listed, settled }, 3)).toEqual({ items: rows(...ids), nextCursor });
});

it('refuses for now a page before others of which nothing is settled: any cursor might skip a row', () => {
  const cut = () => page({ rows: rows(7, 8, 9, 10), settled: 6 }, 3);
  expect(cut).toThrow(Problem);
  expect(cut).toThrow('Rows with smaller ids are still being written');
});

import type { Query } from '../store';
import { SettledIds } from './settled-ids';

const query: Query = { label: 'things.list', sql: 'list', parameters: [] };

/** A database that answers lists and looks in turn from what it is given; the last one again and again. */
function database(lists: readonly (readonly number[])[], looks: readonly (readonly string[])[]) {
  const asked: string[] = [];
  const next = <T>(script: readonly T[], what: string) => script[Math.min(asked.filter((one) => one === what).length, script.length) - 1]!;
  const ids = new SettledIds(({ sql }) => {
    const what = sql === 'list' ? 'list' : 'look';
    asked.push(what);
    return Promise.resolve(what === 'list' ? next(lists, what).map((id) => ({ id })) : next(looks, what).map((id) => ({ id })));
  });
  return { asked, list: () => ids.list<{ id: number }>(query, 'things') };
}

const listed = (settled: number, ...ids: readonly number[]) => ({ settled, rows: ids.map((id) => ({ id })) });

it('reads again after a look that met no insert: one may have committed in between', async () => {
  const { asked, list } = database(
    [
      [1, 3],
      [1, 2, 3],
    ],
    [[]],
  );
  expect(await list()).toEqual(listed(3, 1, 2, 3));
  expect(asked).toEqual(['list', 'look', 'list']);
});

it('asks for nothing but the rows where all of them are settled', async () => {
  const { asked, list } = database([[1, 2, 3]], [[]]);
  await list();
  asked.length = 0;
  expect(await list()).toEqual(listed(3, 1, 2, 3));
  expect(asked).toEqual(['list']);
});

it('asks for nothing but the rows where there are none', async () => {
  const { asked, list } = database([[]], [[]]);
  expect(await list()).toEqual(listed(0));
  expect(asked).toEqual(['list']);
});

it('waits for the inserts that its first look met, not for those that came later', async () => {
  const { asked, list } = database(
    [[1, 3]],
    [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'd'],
    ],
  );
  expect(await list()).toEqual(listed(3, 1, 3));
  expect(asked).toEqual(['list', 'look', 'look', 'look', 'list']);
});

it('does not run after rows that are newer still', async () => {
  const { asked, list } = database(
    [
      [1, 3],
      [1, 2, 3, 4],
    ],
    [[]],
  );
  expect(await list()).toEqual(listed(3, 1, 2, 3, 4));
  expect(asked).toEqual(['list', 'look', 'list']);
});

it('looks again where all that was settled is deleted meanwhile', async () => {
  const { asked, list } = database(
    [
      [1, 3],
      [5, 6],
      [5, 6],
    ],
    [[]],
  );
  expect(await list()).toEqual(listed(6, 5, 6));
  expect(asked).toEqual(['list', 'look', 'list', 'look', 'list']);
});

it('gives up after a quarter of a second and says how far the ids are settled', async () => {
  const { list } = database(
    [
      [1, 2],
      [1, 2],
      [1, 2, 4],
    ],
    [[], ['asleep']],
  );
  await list();
  const startedAt = performance.now();
  expect(await list()).toEqual(listed(2, 1, 2, 4));
  expect(performance.now() - startedAt).toBeGreaterThan(150);
  expect(performance.now() - startedAt).toBeLessThan(600);
});

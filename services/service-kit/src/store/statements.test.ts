import type { Generated } from 'kysely';
import { createStatements } from './statements';

interface Database {
  boats: { id: Generated<number>; name: string; berth: number | null };
}

describe.each([
  ['sqlite', '?', '?'],
  ['postgres', '$1', '$2'],
] as const)('a statement for %s', (dialect, first, second) => {
  const { compile, build } = createStatements<Database>(dialect);

  it('is compiled once, with a place for each value', () => {
    let builds = 0;
    const find = compile<{ id: number }>('boats.find', (db, { id }) => {
      builds++;
      return db.selectFrom('boats').select('name').where('id', '=', id);
    });
    expect(find({ id: 7 })).toMatchObject({ label: 'boats.find', sql: `select "name" from "boats" where "id" = ${first}`, parameters: [7] });
    expect(find({ id: 8 }).parameters).toEqual([8]);
    expect(builds).toBe(1);
  });

  it('puts values where they are used, not in the order of their names', () => {
    const move = compile<{ id: number; berth: number | null }>('boats.move', (db, { berth, id }) =>
      db.updateTable('boats').set({ berth }).where('id', '=', id),
    );
    expect(move({ id: 7, berth: 3 })).toMatchObject({ sql: `update "boats" set "berth" = ${first} where "id" = ${second}`, parameters: [3, 7] });
    expect(move({ id: 7, berth: null }).parameters).toEqual([null, 7]);
  });

  it('repeats a value that is used twice and keeps constants', () => {
    const add = compile<{ name: string }>('boats.add', (db, { name }) =>
      db.insertInto('boats').values([
        { name, berth: 1 },
        { name, berth: 2 },
      ]),
    );
    expect(add({ name: 'Kraken' }).parameters).toEqual(['Kraken', 1, 'Kraken', 2]);
  });

  it('keeps what looks like SQL in a value out of the statement', () => {
    const find = compile<{ name: string }>('boats.byName', (db, { name }) => db.selectFrom('boats').select('id').where('name', '=', name));
    const { sql, parameters } = find({ name: "'; DROP TABLE boats; --" });
    expect([sql.includes('DROP'), parameters]).toEqual([false, ["'; DROP TABLE boats; --"]]);
  });

  it('can not be compiled from spread values: there are none yet', () => {
    expect(() => compile<{ name: string; berth: number }>('boats.spread', (db, values) => db.insertInto('boats').values({ ...values }))).toThrow(
      /name each value/,
    );
  });

  it('with a shape of its own for a request has a name of its own for each shape, and one label', () => {
    const list = (named: boolean, id: number) =>
      build('boats.list', (db) => {
        const query = db.selectFrom('boats').select('id').where('id', '>', id);
        return named ? query.where('name', '=', 'x') : query;
      });
    const [plain, again, named] = [list(false, 1), list(false, 2), list(true, 1)];
    expect([plain.label, named.label]).toEqual(['boats.list', 'boats.list']);
    expect([again.name === plain.name, named.name === plain.name, again.parameters]).toEqual([true, false, [2]]);
  });
});

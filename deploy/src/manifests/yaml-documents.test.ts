import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { LineCounter, parseAllDocuments, stringify } from 'yaml';
import { yamlDocuments } from './yaml-documents';

/** The same by another reader, of YAML 1.2 alone. */
function byAnother(text: string): unknown[] {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter, merge: true });
  return (documents as Exclude<typeof documents, { empty: true }>)
    .map((document) => ({ value: document.toJS() as unknown, line: lineCounter.linePos(document.contents?.range?.[0] ?? 0).line }))
    .filter(({ value }) => value !== null);
}

const root = join(__dirname, '..', '..', '..');
const charts = globSync('{charts/**,deploy/roles,docs/examples,scripts/cluster/**}/*.yaml', { cwd: root })
  .filter((file) => !file.includes('/templates/'))
  .sort();

it.each(charts)('%s is read as another reader reads it', (file) => {
  const text = readFileSync(join(root, file), 'utf8');
  expect(yamlDocuments(text)).toEqual(byAnother(text));
});

it('any value is read as another reader reads it, however it is written, and from JSON as it was', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('yes', 'No', '0644', '1_000', '1e3', '.5', '~', '2020-01-01', '12:30:45', '<<', '=', ''),
  );
  const value = fc.object({
    key: fc.string().filter((key) => key !== '<<'),
    values: [text, fc.integer(), fc.boolean(), fc.constant(null)],
    maxDepth: 3,
  });
  const style = fc.record({
    indent: fc.constantFrom(2, 4),
    indentSeq: fc.boolean(),
    version: fc.constant('1.1' as const),
    defaultStringType: fc.constantFrom('PLAIN' as const, 'QUOTE_DOUBLE' as const, 'BLOCK_LITERAL' as const),
    collectionStyle: fc.constantFrom('any' as const, 'flow' as const),
  });
  fc.assert(
    fc.property(value, style, (written, options) => {
      const read = JSON.parse(JSON.stringify(written)) as object;
      const yaml = stringify(read, { ...options, aliasDuplicateObjects: false });
      expect(yamlDocuments(yaml)).toEqual(byAnother(yaml));
      expect(yamlDocuments(JSON.stringify(read, null, options.indent)).map((document) => document.value)).toEqual([read]);
    }),
    { numRuns: 500 },
  );
});

it.each(['9007199254740993', '-9007199254740993', '0xFFFFFFFFFFFFFFFF', '[1, 12_345_678_901_234_567_890]'])('%s is refused and not shown', (number) => {
  expect(() => yamlDocuments(`a: b\nc: ${number}\n`)).toThrow(/^the whole number at line 2 is beyond 2\^53, so it can't be kept exactly/);
  expect(yamlDocuments(`c: "${number}"\nd: !!str 9007199254740993\ne: 9007199254740991\n`)).toHaveLength(1);
});

it('numbers are read as kubectl reads them', () => {
  const text = '[1_000, 0b11, -0b1_0, 0644, 0x1F, -0x1F, 1_, _1, 0x_, 0b2]';
  expect(yamlDocuments(text)[0]!.value).toEqual([1000, 3, -2, 420, 31, -31, 1, '_1', '0x_', '0b2']);
});

it.each([
  ['a: 1\n', [{ value: { a: 1 }, line: 1 }]],
  [
    '# c\n\na: 1\n---\n# x\n\n- 2\n---\n---\nfoo\n...\n',
    [
      { value: { a: 1 }, line: 3 },
      { value: [2], line: 7 },
      { value: 'foo', line: 10 },
    ],
  ],
  [
    '\uFEFF---\r\na: b\r\n---\r\nc: d\r\n',
    [
      { value: { a: 'b' }, line: 2 },
      { value: { c: 'd' }, line: 4 },
    ],
  ],
  ['base: &b {x: 1}\nmore: {<<: *b, y: 2}\nlist: [*b, *b]\n', [{ value: { base: { x: 1 }, more: { x: 1, y: 2 }, list: [{ x: 1 }, { x: 1 }] }, line: 1 }]],
  ['', []],
  ['# nothing\n---\n---\n', []],
])('%j is %j', (text, documents) => expect(yamlDocuments(text)).toEqual(documents));

it.each([
  ['0644', 420],
  ['-010', -8],
  ['08', 8],
  ['0o17', 15],
  ['0x1F', 31],
  ['+1', 1],
  ['1_000', 1000],
  ['1e3', 1000],
  ['1.', 1],
  ['.5', 0.5],
  ['1.2.3', '1.2.3'],
  ['.inf', Infinity],
  ['-.Inf', -Infinity],
  ['.NaN', NaN],
  ['yes', true],
  ['On', true],
  ['off', false],
  ['No', false],
  ['y', 'y'],
  ['TRUE', true],
  ['tRUE', 'tRUE'],
  ['~', null],
  ['Null', null],
  ['2020-01-01', '2020-01-01'],
  ['12:30:45', '12:30:45'],
  ['"yes"', 'yes'],
  ["'0644'", '0644'],
  ['1e', '1e'],
  ['!!str 12', '12'],
])('the value %s is %j, as to kubectl', (text, value) => expect(yamlDocuments(`[${text}]`)).toEqual([{ value: [value], line: 1 }]));

it.each([
  ['a: [1\nb: 2\n', / at line 2, column 1$/],
  ['a: 1\na: 2\n', /duplicated? .* at line 2, column 1$/],
  ['a:\n\t- b\n', / at line 2, column/],
  ['a: *nowhere\n', /nowhere.* at line 1/],
  ['a: !unknown 1\n', /unknown.* at line 1/],
  ['{"a": "b"', / at line 1/],
])('%j is refused with its place', (text, words) => expect(() => yamlDocuments(text)).toThrow(words));

it.each([
  ['billions', `a0: &a0 [x]\n${Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(', ')}]`).join('\n')}\n`],
  ['themselves', 'a: &a\n  b: *a\n'],
])('aliases that stand for %s are refused', (_what, text) => expect(() => yamlDocuments(text)).toThrow());

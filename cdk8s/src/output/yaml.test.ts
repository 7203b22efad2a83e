import fc from 'fast-check';
import { parse } from 'yaml';
import { toYaml } from './yaml';

describe('the YAML of an object', () => {
  it('begins with what it is, and has its members sorted', () => {
    const text = toYaml({ spec: { b: 1, a: [{ d: true, c: 'x' }, [], {}] }, kind: 'Boat', metadata: { name: 'ada' }, apiVersion: 'v1', data: { k: 'v' } });
    expect(text).toBe(
      [
        'apiVersion: v1',
        'kind: Boat',
        'metadata:',
        '  name: ada',
        'data:',
        '  k: v',
        'spec:',
        '  a:',
        '    - c: x',
        '      d: true',
        '    - []',
        '    - {}',
        '  b: 1',
        '',
      ].join('\n'),
    );
  });

  it('keeps a text of several lines readable', () => {
    expect(toYaml({ data: { 'a.sh': 'one\n  two\n\nthree\n', b: 'no\nend' } })).toBe(
      'data:\n  a.sh: |\n    one\n      two\n\n    three\n  b: |-\n    no\n    end\n',
    );
  });

  // what YAML 1.1, which Kubernetes' tools read, takes for something else: https://yaml.org/type/
  const treacherous = [
    'yes',
    'No',
    'ON',
    'off',
    'y',
    'n',
    'null',
    'Null',
    '~',
    '',
    ' ',
    '1',
    '1.5',
    '1e3',
    '0x1f',
    '0o17',
    '017',
    '1_000',
    '12:30:45',
    '.5',
    '+1',
    '-1',
    '-',
    '.inf',
  ];
  const marked = [
    'a: b',
    'a:',
    'a #b',
    '#b',
    '- a',
    '? a',
    '&a',
    '*a',
    '!a',
    '|',
    '>',
    '%a',
    '@a',
    '`a',
    '{a}',
    '[a]',
    'a,b',
    '"a"',
    "'a'",
    "it's",
    '2026-11-21',
    '<<',
    '=',
    'a\tb',
    '\u0085',
    '\ufeff',
    '\u2028',
    '\ud83d\ude00',
    'tr\u00fce',
    '---',
    '...',
  ];
  it.each([...treacherous, ...marked])('keeps the text %j a text', (value) => {
    const text = toYaml({ key: value, [value === '' ? 'empty' : value]: 1, list: [value] });
    for (const version of ['1.1', '1.2'] as const) {
      const read = parse(text, { version, merge: false }) as { key: unknown; list: unknown[] };
      expect([read.key, ...read.list]).toEqual([value, value]);
      expect(Object.keys(read)).toContain(value === '' ? 'empty' : value);
    }
  });

  it('reads back equal, whatever is in it', () => {
    const scalar = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.integer(), fc.boolean(), fc.stringMatching(/^[a-z \n:#'"-]{0,20}$/));
    const key = fc.string({ minLength: 1 }).filter((text) => text !== '__proto__');
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 4 }, scalar, fc.array(tie('tree'), { maxLength: 4 }), fc.dictionary(key, tie('tree'), { maxKeys: 4 })),
    }));
    fc.assert(
      fc.property(fc.dictionary(key, tree, { minKeys: 1, maxKeys: 5 }), (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as unknown;
        expect(parse(toYaml(plain), { merge: false })).toEqual(plain);
      }),
      { numRuns: 500 },
    );
  });
});

import { table } from './table';

it('a table has columns as wide as their widest cell, by characters that are seen', () => {
  const rows = [
    ['Deployment/web', '2/2', 'grün ✓'],
    ['\u001b[31mJob/a\u001b[39m', '0/1', 'it failed:\n  no room'],
  ];
  expect(table(['object', 'ready', 'problem'], rows).split('\n')).toEqual([
    'OBJECT           READY   PROBLEM',
    'Deployment/web   2/2     grün ✓',
    '\u001b[31mJob/a\u001b[39m            0/1     it failed: no room',
  ]);
});

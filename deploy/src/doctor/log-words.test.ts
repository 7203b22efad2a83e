import { isRecentLine, plainLine, wordsOf } from './log-words';

it.each([
  ['nothing', '', undefined],
  [
    'a thrown error, with its frames',
    'starting\n[eval]:1\nthrow x\n^\n\nError: no till\n    at open (a.js:1:2)\n    at b.js:3:4\n\nNode.js v24.0.0',
    'Error: no till',
  ],
  [
    'an error of another language',
    'Exception in thread main java.io.IOException: x\njava.io.IOException: no till\n\tat shop.Till.open(Till.java:3)',
    'java.io.IOException: no till',
  ],
  [
    'a line of JSON',
    '{"level":"info","msg":"hello"}\n{"level":"fatal","msg":"could not run","err":{"message":"no till","stack":"Error: no till\\n    at a.js:1"}}',
    'could not run: no till',
  ],
  ['pino’s numbers', '{"level":60,"msg":"no till"}', 'no till'],
  ['a list of faults', 'shop: The configuration has 2 faults:\n  - PORT must be a number\n  - TILL is missing', 'PORT must be a number; TILL is missing'],
  ['other text', 'one\ntwo\n', 'two'],
])('the telling line of %s', (_what, log, line) => {
  expect(wordsOf(log)?.line).toBe(line);
});

it('frames of a stack are among what is quoted', () => {
  expect(wordsOf('Error: no till\n    at open (a.js:1:2)\n    at b.js:3:4')?.excerpt).toEqual(['Error: no till', '    at open (a.js:1:2)', '    at b.js:3:4']);
});

it('passwords in addresses are left out', () => {
  expect(plainLine('postgres://shop:s3cret@db:5432/shop refused')).toBe('postgres://shop:…@db:5432/shop refused');
  expect(wordsOf('Error: can not connect to amqp://shop:s3cret@mq\n    at a.js:1')?.line).toBe('Error: can not connect to amqp://shop:…@mq');
});

it('a line that says its time is recent or not; of another nobody knows', () => {
  const now = Date.parse('2026-01-01T12:00:00Z');
  expect(isRecentLine('{"time":"2026-01-01T11:59:50Z","msg":"a"}', now, 30_000)).toBe(true);
  expect(isRecentLine('{"time":"2026-01-01T11:59:00Z","msg":"a"}', now, 30_000)).toBe(false);
  expect(isRecentLine('a', now, 30_000)).toBeUndefined();
});

import { isRecentLine, plainLine, withoutTimes, wordsOf } from './log-words';

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

describe('of a stack as a runtime prints it', () => {
  const goroutine = ['goroutine 1 [running]:', 'main.main()', '\t/app/main.go:9 +0x1d'];
  const signal = '[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x47b1e5]';
  const nilPointer = 'panic: runtime error: invalid memory address or nil pointer dereference';
  const deadlock = 'fatal error: all goroutines are asleep - deadlock!';
  const bean = "org.springframework.beans.factory.BeanCreationException: Error creating bean with name 'dataSource'";
  const pool = 'Caused by: org.springframework.beans.BeanInstantiationException: Failed to instantiate [javax.sql.DataSource]';
  const root = 'Caused by: java.lang.IllegalArgumentException: jdbcUrl is required';
  const [beanFrame, poolFrame, rootFrame] = [
    '\tat org.sf.Bean.make(Bean.java:1)',
    '\tat org.sf.Pool.make(Pool.java:2)',
    '\tat com.zaxxer.Config.check(Config.java:3)',
  ];

  it.each([
    ['Go’s panic', ['listening', nilPointer, signal, '', ...goroutine, 'exit status 2'], [nilPointer, signal, ...goroutine]],
    ['Go’s panic of several lines', ['panic: no till', 'nor a shop', '', ...goroutine], ['panic: no till', 'nor a shop', ...goroutine]],
    [
      'Go’s panic that was passed on',
      ['panic: no till [recovered]', '\tpanic: no till', '', ...goroutine],
      ['panic: no till [recovered]', '\tpanic: no till', ...goroutine],
    ],
    [
      'Go’s fatal error',
      [deadlock, '', ...goroutine, '', 'goroutine 5 [chan receive]:', 'main.wait()', '\t/app/main.go:4 +0x2'],
      [deadlock, ...goroutine, 'goroutine 5 [chan receive]:'],
    ],
    [
      'Go’s goroutines that were asked for',
      ['SIGQUIT: quit', 'PC=0x46b8c1 m=0 sigcode=0', '', ...goroutine, '', 'rax    0x0'],
      ['SIGQUIT: quit', 'PC=0x46b8c1 m=0 sigcode=0', ...goroutine],
    ],
  ])('%s is told with what is below it', (_what, lines, excerpt) => {
    expect(wordsOf(lines.join('\n'))).toEqual({ line: excerpt[0], excerpt: excerpt.slice(0, 5) });
  });

  it.each([
    [
      'Java',
      [`Exception in thread "main" ${bean}`, beanFrame, pool, poolFrame, '\t... 3 more', root, rootFrame, '\t... 5 more'],
      [`Exception in thread "main" ${bean}`, root, rootFrame],
    ],
    ['Java, with words of several lines', [`${bean}:`, 'see below', beanFrame, root, 'nor is there a driver', rootFrame], [root, rootFrame]],
    [
      'Java, where another one was suppressed',
      [bean, beanFrame, '\tSuppressed: java.io.IOException: closed', '\t\tat a.B.c(B.java:1)', '\tCaused by: java.io.IOException: gone', root, rootFrame],
      [bean, root, rootFrame],
    ],
  ])('the last cause is told, and quoted below the first line: %s', (_what, lines, excerpt) => {
    expect(wordsOf(lines.join('\n'))).toEqual({ line: root, excerpt });
  });

  it('Node.js’ cause is quoted below the error', () => {
    const [error, frame, cause, causeFrame] = [
      'Error: can not start',
      '    at main (file:///app/a.js:3:9)',
      '  [cause]: Error: connect ECONNREFUSED 10.0.0.1:5432',
      '      at open (node:net:1:2)',
    ];
    const log = [
      'file:///app/a.js:3',
      '  throw error;',
      '  ^',
      '',
      error,
      `${frame} {`,
      cause,
      `${causeFrame} {`,
      '    errno: -111',
      '  }',
      '}',
      '',
      'Node.js v24.0.0',
    ];
    expect(wordsOf(log.join('\n'))).toEqual({ line: error, excerpt: [error, cause, `${causeFrame} {`] });
  });

  it('Python’s last exception is told, whatever it came from', () => {
    const trace = ['Traceback (most recent call last):', '  File "/app/a.py", line 3, in <module>', '    raise_it()'];
    for (const between of [
      'During handling of the above exception, another exception occurred:',
      'The above exception was the direct cause of the following exception:',
    ])
      expect(wordsOf([...trace, "KeyError: 'till'", '', between, '', ...trace, 'RuntimeError: no till'].join('\n'))?.line).toBe('RuntimeError: no till');
  });
});

it('passwords in addresses are left out', () => {
  expect(plainLine('postgres://shop:s3cret@db:5432/shop refused')).toBe('postgres://shop:…@db:5432/shop refused');
  expect(wordsOf('Error: can not connect to amqp://shop:s3cret@mq\n    at a.js:1')?.line).toBe('Error: can not connect to amqp://shop:…@mq');
});

it.each([
  ['with an @', 'mysql://app:S3cr@tPassw0rd@db:3306/shop', 'mysql://app:…@db:3306/shop'],
  ['with a colon and an @', 'url=amqp://app:a:b@c@mq', 'url=amqp://app:…@mq'],
  ['with a quote', "mysql://app:S3c'ret@db/shop", 'mysql://app:…@db/shop'],
  ['without a user', 'redis://:s3cret@cache:6379', 'redis://:…@cache:6379'],
  ['of a user with an @', 'smtp://app@shop.example:s3cret@mail:25', 'smtp://app@shop.example:…@mail:25'],
  ['in several addresses', 'a://b:c@d@e,f://g:h@i and "j://k:l@m","n@o"', 'a://b:…@e,f://g:…@i and "j://k:…@m","n@o"'],
  ['in none', 'http://web:8000/a@b http://[::1]:8000 http://web:8000, ask a@b', 'http://web:8000/a@b http://[::1]:8000 http://web:8000, ask a@b'],
])('a password %s is left out', (_what, text, shown) => {
  expect(plainLine(text)).toBe(shown);
});

it.each(['a.', '://a:', '://:@', 'a:@', "://a:'", 'Error.'])('a line that says %s over and over is read at once', (part) => {
  const line = `://a:${part.repeat(60_000)}`;
  const began = performance.now();
  for (const each of [line, line.slice(5)]) wordsOf(`${each}\n    at a.js:1`);
  expect(performance.now() - began).toBeLessThan(1_000);
});

it('a line that says its time is recent or not; of another nobody knows', () => {
  const now = Date.parse('2026-01-01T12:00:00Z');
  expect(isRecentLine('{"time":"2026-01-01T11:59:50Z","msg":"a"}', now, 30_000)).toBe(true);
  expect(isRecentLine('{"time":"2026-01-01T11:59:00Z","msg":"a"}', now, 30_000)).toBe(false);
  expect(isRecentLine('a', now, 30_000)).toBeUndefined();
});

it('the kubelet’s times are parted from what is said', () => {
  const log = '2026-01-01T11:59:58.000000001Z starting\n2026-01-01T13:59:59.123456789+02:00     at a.js:1\n2026-01-01T12:00:00.5Z \n';
  expect(withoutTimes(log)).toEqual({ text: 'starting\n    at a.js:1\n\n', lastAt: Date.parse('2026-01-01T12:00:00.5Z') });
  expect(withoutTimes('')).toEqual({ text: '', lastAt: NaN });
});

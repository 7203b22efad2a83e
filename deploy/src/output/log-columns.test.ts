import { logColumns } from './log-columns';
import { Output } from './output';

const sink = { write: () => true, isTTY: false, columns: 80, on: () => sink } as never;
const plain = new Output(sink, sink, {});
const colored = new Output(sink, sink, { FORCE_COLOR: '1' });
const source = { label: 'web-1', style: 'cyan' } as const;
const show = (text: string, output = plain) => logColumns({ time: '2026-11-28T12:08:18.767356643Z', text }, source, 6, output);

describe('a line in columns', () => {
  it('has time, level, pod, what happened, and then the request', () => {
    const line = {
      time: '2026-11-28T12:00:00.001Z',
      level: 'info',
      msg: 'request',
      service: 'web',
      version: '1',
      request_id: 'r1',
      trace_id: 't1',
      method: 'GET',
      route: '/users',
      status: 200,
      duration_ms: 1.25,
      user: 7,
    };
    expect(show(JSON.stringify(line))).toBe('12:00:00.001 info  web-1  request  GET /users 200 1.25 ms  user=7 request_id=r1 trace_id=t1');
  });

  it('has an error with its causes below it', () => {
    const stack = 'TypeError: no\n    at f (a.js:1)\ncaused by: Error: why';
    expect(show(JSON.stringify({ level: 'error', msg: 'bug', err: { type: 'TypeError', message: 'no: why', stack } }))).toBe(
      '12:08:18.767 error web-1  bug\n  TypeError: no\n      at f (a.js:1)\n  caused by: Error: why',
    );
    expect(show(JSON.stringify({ level: 50, msg: 'bug', err: { message: 'no', cause: { type: 'E', message: 'why' } } }))).toBe(
      '12:08:18.767 error web-1  bug\n  Error: no\n  E: why',
    );
    expect(show(JSON.stringify({ level: 'warn', msg: 'down', cause: 'ECONNREFUSED' }))).toBe('12:08:18.767 warn  web-1  down\n  ECONNREFUSED');
  });

  it.each(['plain words', '{"no": "logger"}', '{broken', '[1]', ''])('stays as it is where it is no logger’s: %j', (text) =>
    expect(show(text)).toBe(`12:08:18.767       web-1  ${text}`),
  );

  it('carries no command to the terminal that was harmless in JSON', () => {
    expect(show(JSON.stringify({ level: 'info', msg: 'a\u001b[2Jb\n' }))).toBe('12:08:18.767 info  web-1  a\\u001b[2Jb\\n');
  });

  it('is coloured by pod and level', () => {
    expect(show('{"level":"error","msg":"x"}', colored)).toContain('\u001b[31merror\u001b[39m \u001b[36mweb-1 \u001b[39m x');
  });
});

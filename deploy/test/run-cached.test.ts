import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const bin = join(__dirname, '..', 'bin');

describe('what a run compiled is kept for the next', () => {
  let folder: string;
  let kept: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'berth-cached-'));
    kept = join(folder, 'cache', 'berth');
    cpSync(bin, join(folder, 'bin'), { recursive: true });
    mkdirSync(join(folder, 'dist'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const build = (hash: string, code: string) => writeFileSync(join(folder, 'dist', 'main.js'), `${code}\n// build ${hash}\n`);
  const run = (command: string, env: Readonly<Record<string, string>> = {}) =>
    execFileSync(process.execPath, [join(folder, 'bin', 'berth.js'), command], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], XDG_CACHE_HOME: join(folder, 'cache'), ...env },
    });
  const files = () => readdirSync(kept).sort();
  const [one, other] = ['0123456789abcdef', 'fedcba9876543210'];
  const greeting = (word: string) => `function greet() { console.log('${word}', process.argv[2]); } greet();`;

  it('by build and command, and taken: the first three add to it', () => {
    build(one, greeting('hello'));
    const written = Array.from({ length: 5 }, () => {
      expect(run('plan')).toBe('hello plan\n');
      expect(files()).toEqual([`${one}-plan.v8`]);
      return statSync(join(kept, `${one}-plan.v8`)).mtimeMs;
    });
    expect(new Set(written).size).toBe(3);
    expect(written.slice(3)).toEqual([written[2], written[2]]);
    run('apply');
    expect(files()).toEqual([`${one}-apply.v8`, `${one}-plan.v8`]);
  });

  it('not for another build of the same length, which drops it when it is a month old', () => {
    build(one, greeting('hello'));
    run('plan');
    run('apply');
    const longAgo = new Date(Date.now() - 31 * 24 * 3_600_000);
    utimesSync(join(kept, `${one}-apply.v8`), longAgo, longAgo);
    build(other, greeting('adieu'));
    expect(run('plan')).toBe('adieu plan\n');
    expect(files()).toEqual([`${one}-plan.v8`, `${other}-plan.v8`]);
  });

  it('with what only a later run calls', () => {
    const calls = Array.from({ length: 50 }, (_, i) => `function f${i}() { return ${i}; } f${i}();`).join(' ');
    build(one, `if (process.argv[3] === 'more') { ${calls} }`);
    const size = (...args: string[]) => {
      execFileSync(process.execPath, [join(folder, 'bin', 'berth.js'), 'plan', ...args], { env: { XDG_CACHE_HOME: join(folder, 'cache') } });
      return statSync(join(kept, `${one}-plan.v8`)).size;
    };
    const first = size();
    const more = size('more');
    expect(more).toBeGreaterThan(first);
    expect(size()).toBe(more);
  });

  it('only as long as V8 takes it: damaged, it is made anew', () => {
    build(one, greeting('hello'));
    run('plan');
    writeFileSync(join(kept, `${one}-plan.v8`), 'damaged');
    expect(run('plan')).toBe('hello plan\n');
    expect(readFileSync(join(kept, `${one}-plan.v8`)).length).toBeGreaterThan(100);
  });

  it('readable by its owner alone, and nowhere else than below the cache folder, whatever the command is', () => {
    build(one, greeting('hello'));
    run('../../plan');
    expect(files()).toEqual([`${one}-help.v8`]);
    expect(statSync(kept).mode & 0o777).toBe(0o700);
    expect(statSync(join(kept, `${one}-help.v8`)).mode & 0o777).toBe(0o600);
  });

  it('not of a run that failed, of a bundle without a hash, nor where it is switched off', () => {
    build(one, `${greeting('hello')} process.exitCode = 3;`);
    const { status } = spawnSync(process.execPath, [join(folder, 'bin', 'berth.js'), 'plan'], { env: { XDG_CACHE_HOME: join(folder, 'cache') } });
    expect(status).toBe(3);
    writeFileSync(join(folder, 'dist', 'main.js'), greeting('hello'));
    expect(run('plan')).toBe('hello plan\n');
    build(one, greeting('hello'));
    expect(run('plan', { NODE_DISABLE_COMPILE_CACHE: '1' })).toBe('hello plan\n');
    expect(() => files()).toThrow('ENOENT');
  });

  it('not needed: where nothing can be written it runs without', () => {
    build(one, greeting('hello'));
    writeFileSync(join(folder, 'cache'), 'a file where the folder should be');
    chmodSync(join(folder, 'cache'), 0o400);
    expect(run('plan')).toBe('hello plan\n');
  });

  it('loads late what is loaded late', () => {
    build(one, `require('node:fs'); Promise.resolve().then(() => require('./late.js')).then(({ word }) => console.log(word, __filename.endsWith('main.js')));`);
    writeFileSync(join(folder, 'dist', 'late.js'), `exports.word = 'late';`);
    expect([run('plan'), run('plan')]).toEqual(['late true\n', 'late true\n']);
  });
});

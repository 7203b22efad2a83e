import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gitRevision, mayBeCheckout } from './git-revision';

describe('the commit of what is deployed', () => {
  const checkout = mkdtempSync(join(tmpdir(), 'berth-git-'));
  const folder = join(checkout, 'manifests');
  const file = join(folder, 'web.yaml');
  const link = `${checkout}-link`;
  const git = (...args: string[]) => execFileSync('git', ['-c', 'user.email=a@example.com', '-c', 'user.name=a', ...args], { cwd: checkout, encoding: 'utf8' });
  beforeAll(() => {
    mkdirSync(folder);
    writeFileSync(file, 'kind: A\n');
  });
  afterAll(() => {
    rmSync(link, { force: true });
    rmSync(checkout, { recursive: true });
  });

  it('is not asked for outside of a checkout', () => {
    expect(mayBeCheckout(folder)).toBe(false);
    mkdirSync(join(checkout, '.git'));
    expect([mayBeCheckout(folder), mayBeCheckout(checkout)]).toEqual([true, true]);
    rmSync(join(checkout, '.git'), { recursive: true });
    process.env['GIT_DIR'] = '/elsewhere';
    expect(mayBeCheckout(folder)).toBe(true);
    delete process.env['GIT_DIR'];
  });

  it('is none outside of Git, before the first commit, and of what is not there', async () => {
    expect(await gitRevision(folder)).toBeUndefined();
    git('init', '-q');
    expect(await gitRevision(folder)).toBeUndefined();
    expect(await gitRevision(join(folder, 'nothing'))).toBeUndefined();
  });

  it('is that of the checkout, of a folder and of a file, and says whether that differs', async () => {
    git('add', '.');
    git('commit', '-qm', 'one');
    const commit = git('rev-parse', 'HEAD').slice(0, 12);
    writeFileSync(join(checkout, 'elsewhere'), '');
    expect([await gitRevision(folder), await gitRevision(file)]).toEqual([commit, commit]);
    symlinkSync(folder, link);
    expect(await gitRevision(link)).toBe(commit);
    writeFileSync(join(folder, 'new.yaml'), '');
    expect([await gitRevision(folder), await gitRevision(file)]).toEqual([`${commit}-dirty`, commit]);
    appendFileSync(file, 'name: b\n');
    expect(await gitRevision(file)).toBe(`${commit}-dirty`);
  });
});

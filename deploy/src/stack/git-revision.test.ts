import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gitRevision } from './git-revision';

describe('the commit of what is deployed', () => {
  const checkout = mkdtempSync(join(tmpdir(), 'berth-git-'));
  const folder = join(checkout, 'manifests');
  const file = join(folder, 'web.yaml');
  const git = (...args: string[]) => execFileSync('git', ['-c', 'user.email=a@example.com', '-c', 'user.name=a', ...args], { cwd: checkout, encoding: 'utf8' });
  beforeAll(() => {
    mkdirSync(folder);
    writeFileSync(file, 'kind: A\n');
  });
  afterAll(() => rmSync(checkout, { recursive: true }));

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
    writeFileSync(join(folder, 'new.yaml'), '');
    expect([await gitRevision(folder), await gitRevision(file)]).toEqual([`${commit}-dirty`, commit]);
    appendFileSync(file, 'name: b\n');
    expect(await gitRevision(file)).toBe(`${commit}-dirty`);
  });
});

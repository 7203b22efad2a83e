import { globSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

const repository = resolve(__dirname, '..');
const placeholders = ['ghcr.io', 'github.com'].map((host) => `${host}/berth`);

/** The repository's files, without what is installed, built or generated from others. */
const files = globSync(['*', '{.ci,.github,bench,cdk8s,docker,docs,scripts,services,test}/**'], {
  cwd: repository,
  exclude: (path) => ['node_modules', 'dist', '.work'].includes(basename(path)),
}).filter((path) => statSync(join(repository, path)).isFile());
const textOf = (path: string) => readFileSync(join(repository, path), 'utf8');

it('the owner that a fork changes stands in no file but one, and on the page that says so', () => {
  const allowed = ['cdk8s/src/environments.ts', 'docs/operations.md'];
  expect(files).toEqual(expect.arrayContaining(['.ci/run', '.github/workflows/ci-cd.yml', ...allowed]));
  expect(files.filter((path) => !allowed.includes(path) && placeholders.some((placeholder) => textOf(path).includes(placeholder)))).toEqual([]);
});

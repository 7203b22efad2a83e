import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { manifestsOf } from './manifests';

const scripts = resolve(__dirname, '..', 'scripts', 'cluster');
const services = globSync('services/*/src/main.ts', { cwd: resolve(__dirname, '..') })
  .map((path) => path.split('/')[1]!)
  .sort();

describe('images', () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-images-'));
  const [asked, out] = [join(folder, 'asked'), join(folder, 'images.json')];
  const digest = `sha256:${'b'.repeat(64)}`;
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Runs it with a docker that keeps what it was asked and writes the metadata that buildx writes. */
  function images(...args: string[]): { readonly printed: unknown; readonly asked: string[] } {
    const metadata = `[ "$1" = --metadata-file ] && echo '{"containerimage.digest":"${digest}"}' > "$2"`;
    writeFileSync(join(folder, 'docker'), `#!/bin/sh\necho "$@" >> ${asked}\nwhile [ $# -gt 0 ]; do ${metadata}; shift; done\n`, { mode: 0o755 });
    writeFileSync(asked, '');
    const github = { GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'Somebody/berth' };
    const env = { ...process.env, ...github, PATH: `${folder}:${process.env['PATH']}` };
    const { stdout, status } = spawnSync(process.execPath, [join(scripts, 'images.mjs'), '--out', out, ...args], { encoding: 'utf8', env });
    expect(status).toBe(0);
    expect(readFileSync(out, 'utf8')).toBe(stdout);
    return { printed: JSON.parse(stdout), asked: readFileSync(asked, 'utf8').trim().split('\n') };
  }

  const named = (service: string) => {
    const { containers } = manifestsOf('staging').find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === service)!.spec.template.spec;
    return containers[0]!.image;
  };

  it('are built under every name that the manifests have for them, and brought into the cluster under each', () => {
    const run = images('--load-command', `echo loaded >> ${asked}; echo`);
    expect(run.printed).toEqual(Object.fromEntries(services.map((service) => [service, `${service}:dev`])));
    expect(run.asked.filter((line) => line === 'loaded')).toHaveLength(2 * services.length);
    for (const service of services)
      expect(run.asked).toContainEqual(expect.stringMatching(new RegExp(`SERVICE=${service} .* --tag ${service}:dev --tag ${named(service)} \\.$`)));
  });

  it('are pushed for every service with SBOM and provenance, and named by digest', () => {
    const run = images('--push', '--registry', 'ghcr.io/Somebody', '--tag', '1.2.3');
    expect(run.printed).toEqual(Object.fromEntries(services.map((service) => [service, `ghcr.io/somebody/${service}:1.2.3@${digest}`])));
    expect(run.asked).toHaveLength(services.length);
    for (const [index, service] of services.entries()) {
      expect(run.asked[index]).toContain('buildx build --push --sbom=true --provenance=mode=max --metadata-file');
      for (const fact of [`SERVICE=${service}`, 'VERSION=1.2.3', 'SOURCE=https://github.com/Somebody/berth', `--tag ghcr.io/somebody/${service}:1.2.3 .`])
        expect(run.asked[index]).toContain(fact);
    }
  });
});

describe('wrong arguments are said in one sentence, and nothing is done', () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-arguments-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    [['images.mjs', '1.2.3'], 'positional arguments: npm run images -- ['],
    [['images.mjs', '--push'], '--push and --registry go together'],
    [['images.mjs', '--tag', 'latest'], '"latest" is no tag for an image that somebody deploys'],
  ])('%j: %s', (args, sentence) => expectRefused(args, sentence));

  function expectRefused([script, ...args]: readonly string[], sentence: string): void {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(scripts, script!), ...args], { encoding: 'utf8', env: { PATH: '/nowhere' } });
    expect({ status, stdout, lines: stderr.trim().split('\n').length }).toEqual({ status: 64, stdout: '', lines: 1 });
    expect(stderr).toContain(sentence);
  }
});

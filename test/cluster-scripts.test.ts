import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { manifestsOf } from './manifests';

const scripts = resolve(__dirname, '..', 'scripts', 'cluster');
const services = globSync('services/*/src/main.ts', { cwd: resolve(__dirname, '..') })
  .map((path) => path.split('/')[1]!)
  .sort();

describe('run-checks', () => {
  const step = (method: string, path: string, status: number, more: object = {}) => ({ service: 'shop', method, path, status, ...more });
  const check = {
    name: 'a thing is made, looked at and removed',
    steps: [
      step('POST', '/things', 201, { body: { name: 'check-{unique}' }, keep: { thing: 'id' } }),
      step('GET', '/things/{thing}', 200),
      step('DELETE', '/things/{thing}', 204, { cleanUp: true }),
    ],
  };

  /** Runs a check against a server that answers by a table, and gives the faults, what the server was asked, and the bodies that it was sent. */
  async function runAgainst(answers: Readonly<Record<string, number>>, carriedOut: object = check) {
    const [asked, sent]: [string[], unknown[]] = [[], []];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      void text(request).then((body) => {
        if (body !== '') sent.push(JSON.parse(body));
        response.writeHead(answers[request.method!] ?? 500).end('{"id":7}');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const code = `import { runCheck } from './checks/run-checks.mjs'; console.log(JSON.stringify(await runCheck(${JSON.stringify(carriedOut)}, () => '${url}')))`;
    const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '--eval', code], { cwd: scripts, stdio: ['ignore', 'pipe', 'inherit'] });
    const faults = JSON.parse(await text(child.stdout!)) as string[];
    server.close();
    return { faults, asked, sent };
  }

  it('keeps what it was told for later steps', async () => {
    expect(await runAgainst({ POST: 201, GET: 200, DELETE: 204 })).toMatchObject({ faults: [], asked: ['POST /things', 'GET /things/7', 'DELETE /things/7'] });
  });

  it('fills the texts of a body however deep they lie', async () => {
    const body = { items: [{ of: ['{thing}', { name: 'a {thing}', count: 1, none: null }] }] };
    const deep = { name: 'deep', steps: [check.steps[0], step('PUT', '/things/{thing}', 200, { body })] };
    const { faults, sent } = await runAgainst({ POST: 201, PUT: 200 }, deep);
    expect(faults).toEqual([]);
    expect(sent.at(-1)).toEqual({ items: [{ of: ['7', { name: 'a 7', count: 1, none: null }] }] });
  });

  it('cleans up after a step that failed', async () => {
    const { faults, asked } = await runAgainst({ POST: 201, GET: 503, DELETE: 204 });
    expect(faults).toEqual(['a thing is made, looked at and removed: GET /things/{thing} of shop was answered 503, not 200: {"id":7}']);
    expect(asked.at(-1)).toBe('DELETE /things/7');
  });

  it('tells of a member that it should keep and that is missing, and cleans up with those that are there', async () => {
    const [made, ...rest] = check.steps;
    const steps = [{ ...made, keep: { thing: 'id', owner: 'owner' } }, ...rest];
    const { faults, asked } = await runAgainst({ POST: 201, GET: 200, DELETE: 204 }, { ...check, steps });
    expect(faults).toEqual([`${check.name}: POST /things of shop was answered without "owner", which later steps need: {"id":7}`]);
    expect(asked).toEqual(['POST /things', 'DELETE /things/7']);
  });

  it('does not remove what was never made', async () => {
    const { faults, asked } = await runAgainst({ POST: 503 });
    expect(faults).toHaveLength(1);
    expect(asked).toEqual(['POST /things']);
  });
});

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
    [['verify.mjs'], 'say which environment'],
    [['verify.mjs', 'staging'], 'positional arguments: npm run verify -- --env ENVIRONMENT\n'],
    [['images.mjs', '1.2.3'], 'positional arguments: npm run images -- ['],
    [['images.mjs', '--push'], '--push and --registry go together'],
    [['images.mjs', '--tag', 'latest'], '"latest" is no tag for an image that somebody deploys'],
  ])('%j: %s', (args, sentence) => expectRefused(args, sentence));

  function expectRefused([script, ...args]: readonly string[], sentence: string): void {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(scripts, script!), ...args], { encoding: 'utf8', env: { PATH: '/nowhere' } });
    expect({ status, stdout, lines: stderr.trim().split('\n').length }).toEqual({ status: 64, stdout: '', lines: 1 });
    expect(stderr).toContain(sentence);
  }

  it('a secret that holds no kubeconfig is refused before anything is asked of a cluster', () => {
    const env = { PATH: '/nowhere', KUBECONFIG_BASE64: '' };
    const { status, stderr } = spawnSync(process.execPath, [join(scripts, 'verify.mjs'), '--env', 'local'], { encoding: 'utf8', env });
    expect(status).toBe(64);
    expect(stderr).toContain('KUBECONFIG_BASE64 holds no kubeconfig');
  });
});

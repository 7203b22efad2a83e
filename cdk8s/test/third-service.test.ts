import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freshCopy } from '../../test/launched';

const repository = resolve(__dirname, '..', '..');

/** A copy of the project, in which a folder with a declaration is added to `services/`, and nothing else. */
describe('a third service in a copy of the project', () => {
  let copy: string;
  const node = (...args: string[]) => spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
  const filesIn = () =>
    globSync('charts/**/*', { cwd: copy, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));
  const inCharts = () => new Map(filesIn().map((path) => [path.slice(copy.length + 1), readFileSync(path, 'utf8')]));
  let before: Map<string, string>;
  let after: Map<string, string>;

  beforeAll(() => {
    copy = freshCopy();
    symlinkSync(join(repository, 'node_modules'), join(copy, 'node_modules'));
    before = inCharts();
    cpSync(join(copy, 'services', 'user-service'), join(copy, 'services', 'boat-service'), { recursive: true });
    const file = join(copy, 'services', 'boat-service', 'service.ts');
    const declaration = readFileSync(file, 'utf8')
      .replaceAll('user-service', 'boat-service')
      .replaceAll('USER_DB', 'BOAT_DB')
      .replace("'userdb'", "'boatdb'")
      .replace("['/users']", "['/boats']")
      .replace('port: 8000', 'port: 8009')
      .replace('peers: []', "peers: [{ name: 'user-service', urlVariable: 'USER_SERVICE_URL' }]")
      .replace('configuration: {', "configuration: { USER_SERVICE_URL: { kind: 'url', schemes: ['http'], description: 'Peer' },")
      .replace('metrics: []', "metrics: [{ name: 'boats_launched_total', type: 'counter', help: 'Boats', labels: [] }]");
    writeFileSync(file, declaration);
    expect(node('scripts/build.mjs')).toMatchObject({ status: 0 });
    expect(node('cdk8s/dist/main.js')).toMatchObject({ status: 0, stderr: '' });
    after = inCharts();
  }, 60_000);
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  const folderOf = (environment: string, service: string) =>
    [...after.keys()].filter((path) => path.startsWith(`charts/${environment}/manifests/${service}/`)).map((path) => path.split('/').at(-1));

  it.each(['local', 'staging', 'production'])('has every object in %s that the first has', (environment) => {
    expect(folderOf(environment, 'boat-service')).toEqual(folderOf(environment, 'user-service'));
    expect(folderOf(environment, 'boat-service').length).toBeGreaterThan(6);
  });

  it('has its alerts, its monitor and its dashboard, with its own metric', () => {
    expect(folderOf('production', 'boat-service')).toEqual(expect.arrayContaining(['alerts.yaml', 'service-monitor.yaml', 'dashboard.yaml']));
    expect(after.get('charts/production/manifests/boat-service/dashboard.yaml')).toContain('boats_launched_total');
    expect(after.get('charts/production/manifests/monitoring/overview.yaml')).toContain('boat-service|');
  });

  it('is let in where it calls and where it keeps its data', () => {
    const policy = (path: string) => after.get(`charts/staging/manifests/${path}/network-policy.yaml`);
    expect(policy('user-service')).toContain('app.kubernetes.io/name: boat-service');
    expect(policy('postgres')).toContain('app.kubernetes.io/name: boat-service');
    expect(policy('boat-service')).toContain('app.kubernetes.io/name: user-service');
  });

  it('changes nothing of the other services but who may call them', () => {
    const changed = [...before].filter(([path, text]) => after.get(path) !== text).map(([path]) => path.replace('charts/', ''));
    expect(changed.sort()).toEqual(
      [
        ...['local', 'staging', 'production'].flatMap((name) => [`${name}/kustomization.yaml`, `${name}/manifests/user-service/network-policy.yaml`]),
        'production/manifests/monitoring/dependencies.yaml',
        'production/manifests/monitoring/overview.yaml',
        'staging/manifests/postgres/network-policy.yaml',
      ].sort(),
    );
  });

  it('leaves nothing behind when it goes', () => {
    rmSync(join(copy, 'services', 'boat-service'), { recursive: true });
    expect(node('cdk8s/dist/main.js', '--check')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('charts/local/manifests/boat-service/deployment.yaml is made no more') as string,
    });
    expect(node('cdk8s/dist/main.js')).toMatchObject({ status: 0 });
    expect(inCharts()).toEqual(before);
    expect(node('cdk8s/dist/main.js', '--check')).toMatchObject({ status: 0, stderr: '' });
  });

  it('of a wrong environment one sentence is said', () => {
    const { status, stderr } = node('cdk8s/dist/main.js', 'stagin');
    expect(status).toBe(64);
    expect(stderr).toBe('synth: there is no environment "stagin": choose from local, staging, production\n');
    expect(node('cdk8s/dist/main.js', '--chek').stderr).toContain("Unknown option '--chek'");
    expect(node('cdk8s/dist/secrets-main.js', '--env', 'stagin')).toMatchObject({
      status: 64,
      stdout: '',
      stderr: expect.stringContaining('choose from local, staging, production') as string,
    });
    expect(node('cdk8s/dist/secrets-main.js', 'staging')).toMatchObject({
      status: 64,
      stdout: '',
      stderr: expect.stringMatching(/^secrets: Unexpected argument 'staging'[^]*npm run --silent secrets -- --env ENVIRONMENT/) as string,
    });
  });

  describe('where what it reads is wrong', () => {
    const said = (...args: string[]) => {
      const { status, stderr } = node('cdk8s/dist/main.js', ...args);
      expect(stderr).not.toMatch(/^ +at /m);
      expect(inCharts()).toEqual(before);
      return { status, stderr };
    };
    const images = () => join(copy, 'cdk8s', 'released-images.json');
    afterEach(() => writeFileSync(images(), '{}\n'));

    it.each([
      ['no list of released images', undefined, /released-images.json: it must be a JSON object of image references/],
      ['a broken list of released images', '{', /released-images.json: it must be a JSON object/],
      ['a list of released images that is none by service', '[]', /released-images.json: it must be a JSON object/],
      ['a released image of no service', '{"boats": "x"}', /released-images.json: it names boats, which is no service: there are order-service, user-service/],
    ])('%s is told', (_what, text, words) => {
      if (text === undefined) rmSync(images());
      else writeFileSync(images(), text);
      expect(said()).toEqual({ status: 1, stderr: expect.stringMatching(words) as string });
    });

    it('a folder without services is told, and nothing is taken away', () => {
      expect(said('--services', join(copy, 'nowhere'))).toEqual({ status: 1, stderr: expect.stringMatching(/nowhere: it can't be read \(ENOENT\)/) as string });
      expect(said('--services', join(copy, 'docs'))).toEqual({ status: 1, stderr: expect.stringMatching(/docs: there is no service in it/) as string });
    });

    it('beside the environments of --out nothing is touched but an environment that is no more', () => {
      const [out, charts] = [join(copy, 'out'), join(copy, 'charts')];
      cpSync(charts, join(out, 'checkout', 'charts'), { recursive: true });
      cpSync(join(charts, 'staging'), join(out, 'preview'), { recursive: true });
      expect(said('--out', out)).toEqual({ status: 0, stderr: '' });
      expect(readdirSync(out).sort()).toEqual(['checkout', 'local', 'preview', 'production', 'staging']);
      expect(readdirSync(join(out, 'preview'))).toEqual([]);
      expect(globSync('**/*.yaml', { cwd: join(out, 'checkout', 'charts') }).sort()).toEqual(globSync('**/*.yaml', { cwd: charts }).sort());
    });

    it('an empty --out is told, and an empty CDK8S_OUTDIR counts as unset', () => {
      expect(said('--out', '')).toEqual({ status: 64, stderr: 'synth: --out names no folder: name one, or leave it out to write to charts\n' });
      const { status } = spawnSync(process.execPath, ['cdk8s/dist/main.js'], { cwd: copy, env: { ...process.env, CDK8S_OUTDIR: '' } });
      expect({ status, local: existsSync(join(copy, 'local')) }).toEqual({ status: 0, local: false });
    });

    it('a folder that can’t be written is told', () => {
      expect(said('--out', join(copy, 'package.json'))).toEqual({ status: 64, stderr: expect.stringMatching(/can't be written: ENOTDIR.*--out/) as string });
    });
  });

  it.each([
    ['leads out of the folder', "name: 'local'", "name: '../evil'", 'the name "../evil" can\'t name'],
    ['is another’s', "name: 'local'", "name: 'staging'", 'two environments are called "staging", and one would overwrite'],
  ])('an environment whose name %s is refused before anything is written', (_what, from, to, words) => {
    const file = join(copy, 'cdk8s', 'src', 'environments.ts');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace(from, to));
    expect(node('scripts/build.mjs')).toMatchObject({ status: 0 });
    const { status, stderr } = node('cdk8s/dist/main.js');
    writeFileSync(file, text);
    expect(node('scripts/build.mjs')).toMatchObject({ status: 0 });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(`  - cdk8s/src/environments.ts: ${words}`) as string });
    expect(inCharts()).toEqual(before);
    expect(existsSync(join(copy, 'evil'))).toBe(false);
  });

  it.each([
    ['that throws', "throw new Error('no boats');", 'can\'t be read: it throws "no boats"'],
    ['beside another', "export const port = { name: 'Antwerp', port: 8000 };", 'exports 2 objects with a name and a port (port, userService): export one'],
  ])('a declaration %s is told by its file', (_what, line, words) => {
    const file = join(copy, 'services', 'user-service', 'service.ts');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, `${text}\n${line}\n`);
    const { status, stderr } = node('scripts/build.mjs', 'user-service');
    writeFileSync(file, text);
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(`build: services/user-service/service.ts ${words}`) as string });
  });

  it('a refused change writes nothing', () => {
    const file = join(copy, 'services', 'order-service', 'dist', 'service.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"/orders"', '"/users"'));
    const { status, stderr } = node('cdk8s/dist/main.js');
    expect(status).toBe(1);
    expect(stderr).toContain('  - production: order-service and user-service both claim the path /users');
    expect(inCharts()).toEqual(before);
  });
});

import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Manifest, manifestsOf } from './manifests';

const scripts = resolve(__dirname, '..', 'scripts', 'cluster');
const services = globSync('services/*/src/main.ts', { cwd: resolve(__dirname, '..') })
  .map((path) => path.split('/')[1]!)
  .sort();

/** Runs a piece of a script's module in a Node of its own, as `npm run` does, and gives what it printed as JSON. */
function evaluate<T>(code: string): T {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], { cwd: scripts, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as T;
}

describe('manifests with other images', () => {
  interface Changed {
    readonly kind: string;
    readonly metadata: { readonly name: string };
    readonly images: readonly string[];
  }
  const withImages = (images: object) =>
    evaluate<Changed[]>(`
      import { manifestsOf, withImages } from './manifests.mjs';
      const pod = ({ spec }) => spec?.template?.spec;
      const changed = withImages(manifestsOf('staging'), ${JSON.stringify(images)}).filter(pod);
      console.log(JSON.stringify(changed.map((object) => ({ ...object, images: [...pod(object).containers, ...(pod(object).initContainers ?? [])].map(({ image }) => image) }))));
    `);
  const image = `registry.example:5000/somebody/user-service:abc@sha256:${'a'.repeat(64)}`;

  it('puts the image into the Deployment and into the Job, whose name changes with it, and into nothing else', () => {
    const [before, after] = [withImages({}), withImages({ 'user-service': image })];
    const of = (objects: readonly Changed[], kind: string, service: string) =>
      objects.find((object) => object.kind === kind && object.metadata.name.startsWith(service))!;
    expect(of(after, 'Deployment', 'user-service').images).toEqual([image]);
    expect(of(after, 'Job', 'user-service').images).toEqual([image, 'postgres:17-bookworm']);
    expect(of(after, 'Job', 'user-service').metadata.name).toMatch(/^user-service-migrate-[0-9a-f]{10}$/);
    expect(of(after, 'Job', 'user-service').metadata.name).not.toBe(of(before, 'Job', 'user-service').metadata.name);
    for (const kind of ['Deployment', 'Job']) expect(of(after, kind, 'order-service')).toEqual(of(before, kind, 'order-service'));
    expect(withImages({ 'user-service': image })).toEqual(after);
  });

  it('names a Job anew within 63 characters, and by its spec too', () => {
    const service = 's'.repeat(38);
    const namesOf = (hash: string) =>
      evaluate<string[]>(`
        import { withImages } from './manifests.mjs';
        const object = (kind, name) => ({ kind, metadata: { name }, spec: { template: { spec: { containers: [{ image: '${service}:1' }] } } } });
        const objects = [object('Deployment', '${service}'), object('Job', '${service}-migrate-${hash}')];
        console.log(JSON.stringify(withImages(objects, { '${service}': '${service}:2' }).map(({ metadata }) => metadata.name)));
      `);
    const [one, other] = [namesOf('0123456789')[1]!, namesOf('9876543210')[1]!];
    expect(one).toMatch(/^s{38}-migrate-[0-9a-f]{10}$/);
    expect(other).not.toBe(one);
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

describe('deploy does the steps 2, 4 and 5 of docs/operations.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-deploy-'));
  const asked = join(folder, 'asked');
  const secrets = [...services.map((service) => `${service}-database`), 'postgres-superuser'];
  const manifests = manifestsOf('staging');
  const namesOf = (kind: string) =>
    manifests
      .filter((object) => object.kind === kind)
      .map(({ metadata }) => metadata.name)
      .sort();
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Runs it with a kubectl that keeps what it was asked and given, knows of some Secrets, and fails at what it is told to. */
  function deploy(there: readonly string[], { failsAt = 'nothing', jobs = [] as readonly object[], job = jobThat('Complete') } = {}, ...args: string[]) {
    const lines = ['#!/bin/sh', `echo "$*" >> ${asked}`, `[ "$1" = apply ] && cat > ${folder}/applied-$(grep -c ^apply ${asked})`];
    const answers = [
      `[ "$1 $2" = "get secrets" ] && printf 'secret/%s\\n' ${there.join(' ')}`,
      `[ "$1 $2" = "get jobs" ] && echo '${JSON.stringify({ items: jobs })}'`,
      `[ "$1 $2" = "get job" ] && echo '${JSON.stringify(job)}'`,
      `[ "$1" = logs ] && echo 'the last words of' "$4"`,
    ];
    writeFileSync(join(folder, 'kubectl'), [...lines, ...answers, `case "$*" in *${failsAt}*) exit 1;; esac`, 'exit 0', ''].join('\n'), { mode: 0o755 });
    writeFileSync(asked, '');
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
    const { status, stderr } = spawnSync(process.execPath, [join(scripts, 'deploy.mjs'), '--env', 'staging', ...args], { encoding: 'utf8', env });
    return { status, stderr, asked: readFileSync(asked, 'utf8').trim().split('\n') };
  }
  const jobThat = (type: string, name = 'some', status = 'True') => ({
    metadata: { name },
    status: { conditions: [{ type, status, reason: 'DeadlineExceeded' }] },
  });
  const kindsApplied = (time: number) =>
    (JSON.parse(readFileSync(join(folder, `applied-${time}`), 'utf8')) as { items: Manifest[] }).items.map(({ kind }) => kind);

  it('applies the namespace, looks for the Secrets, applies the rest and waits for all of it; it asks for no difference', () => {
    const run = deploy(secrets);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    const ready = (kind: string, names: readonly string[]) => names.map((name) => `rollout status ${kind}/${name} -n berth-staging --timeout=10m`);
    expect(run.asked).toEqual([
      'apply -f -',
      'get secrets -n berth-staging -o name',
      'get jobs -n berth-staging -o json',
      'apply -f -',
      ...ready('statefulset', ['postgres']),
      ...namesOf('Job').map((name) => `get job -n berth-staging -o json ${name}`),
      ...ready('deployment', namesOf('Deployment')),
    ]);
    expect(kindsApplied(1)).toEqual(['Namespace']);
    expect(kindsApplied(2)).toHaveLength(manifests.length - 1);
  });

  it('ends where a Secret is missing, and says the command that makes it', () => {
    const run = deploy(secrets.slice(1));
    expect(run.status).toBe(1);
    expect(run.stderr).toBe(
      `deploy: the Secrets ${secrets[0]} are missing in berth-staging: npm run --silent secrets -- --env staging prints new ones for kubectl create -f -\n`,
    );
    expect(run.asked).toHaveLength(2);
  });

  it('shows pods, warnings and logs when something doesn’t become ready, and fails', () => {
    const run = deploy(secrets, { failsAt: 'deployment/user-service' });
    expect(run.status).toBe(1);
    expect(run.asked.slice(-3).map((line) => line.split(' -n ')[0])).toEqual(['get pods,jobs', 'get events', 'logs']);
  });

  const [first, second] = namesOf('Job') as [string, string];

  it('ends at once where a migration Job failed, with its log and the cure', () => {
    const run = deploy(secrets, { job: jobThat('Failed') });
    expect(run.status).toBe(1);
    expect(run.stderr).toContain(`the last words of job/${first}\n`);
    expect(run.stderr).toMatch(
      new RegExp(
        `deploy: the Job ${first} failed \\(DeadlineExceeded\\): mend the cause and deploy again, .* as kubectl delete job ${first} -n berth-staging does\n$`,
      ),
    );
  });

  it('waits for a migration Job no longer than it was told', () => {
    const run = deploy(secrets, { job: jobThat('Suspended') }, '--timeout', '1s');
    expect(run.stderr).toContain(`the Job ${first} is not complete after 1s: `);
  });

  it('deletes a Job of this release that failed, which would never run again, and no other', () => {
    const jobs = [
      jobThat('Failed', second),
      jobThat('Complete', first),
      jobThat('Failed', first, 'False'),
      jobThat('Failed', 'user-service-migrate-of-before'),
    ];
    const run = deploy(secrets, { jobs });
    expect(run.status).toBe(0);
    expect(run.asked.filter((line) => line.startsWith('delete'))).toEqual([`delete job ${second} -n berth-staging`]);
    expect(run.asked.indexOf(`delete job ${second} -n berth-staging`)).toBeLessThan(run.asked.lastIndexOf('apply -f -'));
  });
});

describe('wrong arguments are said in one sentence, and nothing is done', () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-arguments-'));
  const [list, broken] = [join(folder, 'list.json'), join(folder, 'broken.json')];
  writeFileSync(list, '["user-service"]');
  writeFileSync(broken, '{');
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    [['deploy.mjs'], 'say which environment'],
    [['deploy.mjs', '--env', 'stagin'], 'there is no environment "stagin": choose from local, production, staging'],
    [['deploy.mjs', '--env', 'local', '--timeout', 'soon'], '--timeout must be a number with s, m or h, such as 10m, not "soon"'],
    [['deploy.mjs', '--env', 'local', '--images', list], 'must be a JSON object of image references by service'],
    [['deploy.mjs', '--env', 'local', '--images', broken], 'must be a JSON object of image references by service'],
    [['deploy.mjs', '--env', 'local', '--imges', list], "Unknown option '--imges'"],
    [['deploy.mjs', 'staging'], "Unexpected argument 'staging'. This command does not take positional arguments: npm run deploy -- --env ENVIRONMENT ["],
    [['images.mjs', '1.2.3'], 'positional arguments: npm run images -- ['],
    [['images.mjs', '--push'], '--push and --registry go together'],
    [['images.mjs', '--tag', 'latest'], '"latest" is no tag for an image that somebody deploys'],
  ])('%j: %s', (args, sentence) => expectRefused(args, sentence));

  const digest = `@sha256:${'a'.repeat(64)}`;
  const isNone = (image: string) => `"${image}" can't be deployed as user-service: name an image of user-service`;
  const isUnreleased = (services: string) => `production has no released image of ${services}: write digests into cdk8s/released-images.json`;
  it.each([
    ['staging', { 'usr-service': 'usr-service:1' }, 'nothing here runs an image of usr-service'],
    ['staging', { postgres: 'nginx:1' }, 'nothing here runs an image of postgres'],
    ...['ghcr.io/x/order-service:1', '', 'My Image', 'user-service', 'user-service:latest', 'x/user-service@sha256:12'].map(
      (image) => ['staging', { 'user-service': image }, isNone(image)] as const,
    ),
    ['production', { 'user-service': 'x/user-service:1' }, '"x/user-service:1" has no digest, so it may be another one tomorrow'],
    ['production', { 'user-service': `x/user-service${digest}` }, isUnreleased('order-service')],
    ['production', {}, isUnreleased('order-service, user-service')],
  ] as const)('deploy --env %s --images with %j: %s', (environment, images, sentence) => {
    const path = join(folder, 'images.json');
    writeFileSync(path, JSON.stringify(images));
    expectRefused(['deploy.mjs', '--env', environment, '--images', path], sentence);
  });

  function expectRefused([script, ...args]: readonly string[], sentence: string): void {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(scripts, script!), ...args], { encoding: 'utf8', env: { PATH: '/nowhere' } });
    expect({ status, stdout, lines: stderr.trim().split('\n').length }).toEqual({ status: 64, stdout: '', lines: 1 });
    expect(stderr).toContain(sentence);
  }

  it('a secret that holds no kubeconfig is refused before anything is asked of a cluster', () => {
    const env = { PATH: '/nowhere', KUBECONFIG_BASE64: '' };
    const { status, stderr } = spawnSync(process.execPath, [join(scripts, 'deploy.mjs'), '--env', 'local'], { encoding: 'utf8', env });
    expect(status).toBe(64);
    expect(stderr).toContain('KUBECONFIG_BASE64 holds no kubeconfig');
  });
});

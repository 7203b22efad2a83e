import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parse, parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';
import { describeWithControlPlane } from '../testing/use-control-plane';

const root = join(__dirname, '..', '..');
const namespace = 'berth-staging';
const resource = (apiVersion: string, kind: string, plural: string) => ({ apiVersion, kind, plural, namespaced: true });

interface Workflow {
  readonly jobs: { readonly deploy: { readonly steps: readonly { readonly run?: string }[] } };
}

/** The pipeline's own words, on the environment that it deploys. */
const scripts = (parse(readFileSync(join(root, '.github', 'workflows', 'ci-cd.yml'), 'utf8')) as Workflow).jobs.deploy.steps.flatMap(({ run }) => run ?? []);
const scriptOf = (word: string) => scripts.find((script) => script.includes(word))!;

describeWithControlPlane('the pipeline’s deployment of staging', (at) => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-pipeline-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** npm is its own set-up and then this: what is built is built already. */
  function prepare(): void {
    symlinkSync(join(root, 'charts'), join(folder, 'charts'));
    writeFileSync(join(folder, 'npm'), `#!/bin/sh\nshift 3\nexec "${process.execPath}" "${join(root, 'deploy', 'bin', 'berth.js')}" "$@"\n`);
    chmodSync(join(folder, 'npm'), 0o755);
  }

  /** Runs a step as a runner does, and gives what later steps get from it. */
  async function step(script: string, env: Readonly<Record<string, string>>) {
    const file = join(folder, 'env');
    const own = { HOME: folder, PATH: `${folder}:${process.env['PATH']}`, RUNNER_TEMP: folder, GITHUB_ENV: file, DEPLOYED_ENVIRONMENT: 'staging' };
    const child = spawn('bash', ['--norc', '-e', '-c', script], { cwd: folder, env: { ...own, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { code, stdout, stderr };
  }

  const images = (tag: string) => {
    const digest = `sha256:${'a'.repeat(64)}`;
    return JSON.stringify(Object.fromEntries(['user-service', 'order-service'].map((name) => [name, `ghcr.io/somebody/${tag}/${name}:1@${digest}`])));
  };

  /** What is deployed: the images of a service's Deployment, and the Job that migrates for it. */
  async function deployed() {
    const cluster = at().plane.connect();
    const deployment = await cluster.get({ resource: resource('apps/v1', 'Deployment', 'deployments'), namespace, name: 'user-service' });
    const jobs = await cluster.list(resource('batch/v1', 'Job', 'jobs'), namespace);
    return JSON.stringify([deployment, ...jobs].map((object) => object?.spec)).match(/ghcr\.io\/somebody\/\w+/g);
  }

  it('asks for the Secrets first, deploys by digest with the Jobs, and rolls a bad release back', async () => {
    prepare();
    const { plane } = at();
    const cluster = plane.connect();
    const written = await step(scriptOf('base64'), { KUBECONFIG_BASE64: readFileSync(plane.kubeconfig).toString('base64') });
    expect(written).toEqual({ code: 0, stdout: '', stderr: '' });
    const [, KUBECONFIG] = /^KUBECONFIG=(.*)\n$/.exec(readFileSync(join(folder, 'env'), 'utf8'))!;
    const deploy = (tag: string) => step(scriptOf('npm run berth'), { KUBECONFIG: KUBECONFIG!, IMAGES: images(tag) });

    expect(await deploy('one')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /berth: order-service-database, postgres-superuser, user-service-database: pods read these Secrets, .*: make the namespace with kubectl create namespace berth-staging, and them with npm run --silent secrets -- --env staging \| kubectl create -f -\n$/,
      ) as string,
    });
    expect(await cluster.get({ resource: { ...resource('v1', 'Namespace', 'namespaces'), namespaced: false }, name: namespace })).toBeUndefined();

    await cluster.create(
      { resource: { ...resource('v1', 'Namespace', 'namespaces'), namespaced: false }, name: namespace },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    );
    const printed = spawnSync(process.execPath, [join(root, 'cdk8s', 'dist', 'secrets-main.js'), '--env', 'staging'], { encoding: 'utf8' }).stdout;
    for (const secret of parseAllDocuments(printed).map((document) => document.toJS() as KubernetesObject))
      await cluster.create({ resource: resource('v1', 'Secret', 'secrets'), namespace, name: secret.metadata.name }, secret);

    expect(await deploy('one')).toMatchObject({ code: 0, stdout: 'berth-staging/staging is revision 1, and all of it is ready\n' });
    expect(await deployed()).toEqual(Array(3).fill('ghcr.io/somebody/one'));
    expect(await deploy('two')).toMatchObject({ code: 0 });
    expect(await deployed()).toEqual(Array(3).fill('ghcr.io/somebody/two'));
    expect(await deploy('broken')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('revision 2 is deployed again, and all of it is ready') as string,
    });
    expect(await deployed()).toEqual(Array(3).fill('ghcr.io/somebody/two'));
  }, 240_000);
});

import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { environment } from '../cdk8s/test/synthesized';

const repository = resolve(__dirname, '..');
const files = globSync('.github/workflows/*.yml', { cwd: repository }).sort();
const textOf = (file: string) => readFileSync(join(repository, file), 'utf8');
const workflowOf = (file: string) => parse(textOf(file)) as Workflow;

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: object;
  readonly jobs: Readonly<Record<string, Job>>;
}
interface Job {
  readonly if?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly needs?: string | readonly string[];
  readonly environment?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  readonly steps: readonly {
    readonly if?: string;
    readonly uses?: string;
    readonly run?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly with?: Readonly<Record<string, unknown>>;
  }[];
}

const jobs = files.flatMap((file) => Object.entries(workflowOf(file).jobs).map(([name, job]) => [`${file} ${name}`, job] as const));

it('there are the three workflows', () => {
  expect(files.map((file) => file.split('/').at(-1))).toEqual(['ci-cd.yml', 'docker-compose-test.yml', 'e2e.yml']);
});

describe.each(files)('%s', (file) => {
  it('pins every action by its commit, and says which version that is', () => {
    const uses = textOf(file)
      .split('\n')
      .filter((line) => /\buses:/.test(line));
    expect(uses.length).toBeGreaterThan(1);
    expect(uses.filter((line) => !/^\s*- uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
  });

  it('grants nothing at the top', () => expect(workflowOf(file).permissions).toEqual({}));

  it('puts no expression into a shell: values come by environment variables', () => {
    const scripts = Object.values(workflowOf(file).jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
    expect(scripts.filter((script) => script.includes('${{'))).toEqual([]);
  });

  it('is never started with the rights of the target by a foreign pull request', () => {
    expect(Object.keys(workflowOf(file).on).filter((event) => !['push', 'pull_request'].includes(event))).toEqual([]);
  });

  it('runs npm scripts that there are', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    const called = [...textOf(file).matchAll(/npm run (?:--silent )?([a-z0-9:]+)/g)].map(([, script]) => script!);
    expect(called.filter((script) => scripts[script] === undefined)).toEqual([]);
    expect(called.length).toBeGreaterThan(0);
  });
});

describe.each(jobs)('%s', (name, job) => {
  it('reads only, but for the packages that it pushes', () => {
    expect(job.permissions).toEqual({ contents: 'read', ...(name.endsWith(' images') && { packages: 'write' }) });
  });

  it('ends at a time, and leaves no token in the checkout', () => {
    expect(job['timeout-minutes']).toBeLessThanOrEqual(60);
    const [checkout] = job.steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkout?.with).toEqual({ 'persist-credentials': false });
  });
});

describe('ci-cd.yml', () => {
  const { images, deploy, test } = workflowOf('.github/workflows/ci-cd.yml').jobs as Record<'images' | 'deploy' | 'test', Job>;

  it('publishes and deploys no pull request', () => {
    expect(images.if).toBe("github.event_name == 'push'");
    expect(images.needs).toEqual(['check', 'test']);
    expect(deploy.if).toContain("github.ref == 'refs/heads/main' &&");
    expect(deploy.needs).toBe('images');
  });

  it('deploys an environment that there is, under its own name', () => {
    expect(readdirSync(join(repository, 'charts'))).toContain(deploy.environment);
    expect(deploy.env?.['DEPLOYED_ENVIRONMENT']).toBe(deploy.environment);
  });

  describe('deploy', () => {
    const folder = mkdtempSync(join(tmpdir(), 'berth-pipeline-'));
    afterAll(() => rmSync(folder, { recursive: true }));
    const kubeconfig = join(folder, 'kubeconfig');
    const secret = 'apiVersion: v1\nkind: Config\n';

    /** Runs a step's script as a runner does. */
    function run(script: string, env: Readonly<Record<string, string>>) {
      const all = { PATH: `${folder}:${process.env['PATH']}`, RUNNER_TEMP: folder, GITHUB_ENV: join(folder, 'env'), DEPLOYED_ENVIRONMENT: 'staging', ...env };
      return spawnSync('bash', ['--norc', '-e', '-c', script], { cwd: folder, encoding: 'utf8', env: all });
    }
    const scriptOf = (word: string) => deploy.steps.find((step) => step.run?.includes(word))!.run!;

    it('has the kubeconfig in a file of its owner alone, for the steps that follow, and removes it whatever happens', () => {
      expect(run(scriptOf('base64'), { KUBECONFIG_BASE64: Buffer.from(secret).toString('base64') })).toMatchObject({ status: 0, stdout: '', stderr: '' });
      expect(readFileSync(kubeconfig, 'utf8')).toBe(secret);
      expect((statSync(kubeconfig).mode & 0o777).toString(8)).toBe('600');
      expect(readFileSync(join(folder, 'env'), 'utf8')).toBe(`KUBECONFIG=${kubeconfig}\n`);
      const last = deploy.steps.at(-1)!;
      expect(last.if).toBe('always()');
      expect(run(last.run!, {}).status).toBe(0);
      expect(existsSync(kubeconfig)).toBe(false);
    });

    it('says the secret to the one step that writes it', () => {
      const told = deploy.steps.filter(({ env = {} }) => Object.values(env).some((value) => value.includes('secrets.')));
      expect(told.map((step) => step.run)).toEqual([scriptOf('base64')]);
    });

    it('deploys the images that were pushed and rolls back what is not healthy, then proves it', () => {
      writeFileSync(join(folder, 'npm'), '#!/bin/sh\necho "$*"\n', { mode: 0o755 });
      const images = '{"user-service":"ghcr.io/somebody/user-service:1"}';
      expect(run(scriptOf('berth'), { IMAGES: images }).stdout).toBe('run berth -- apply --env staging --images images.json --rollback-on-failure\n');
      expect(readFileSync(join(folder, 'images.json'), 'utf8')).toBe(`${images}\n`);
      const [applied, verified] = ['apply', 'verify'].map((verb) => deploy.steps.findIndex(({ run: script }) => script?.includes(`npm run berth -- ${verb} `)));
      expect(verified).toBe(applied! + 1);
    });
  });

  it('runs suites that are npm scripts', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    const { suites } = (test as unknown as { strategy: { matrix: { suites: string[] } } }).strategy.matrix;
    expect(suites.map((suite) => typeof scripts[suite])).toEqual(['string', 'string']);
  });
});

describe('e2e.yml', () => {
  const { steps } = workflowOf('.github/workflows/e2e.yml').jobs['kind']!;
  const commands = steps.flatMap(({ run }) => run?.trim().split('\n') ?? []);

  it('leaves no part of the suites out: the Ingress is reached where the cluster’s configuration maps it to', () => {
    const config = steps.find(({ uses }) => uses?.startsWith('helm/kind-action@'))?.with?.['config'] as string;
    const [node] = (parse(textOf(config)) as Kind).nodes;
    const [{ containerPort, listenAddress, hostPort }] = node.extraPortMappings;
    expect(containerPort).toBe(80);
    expect(steps.find(({ run }) => run === 'npm run e2e')?.env).toEqual({
      BERTH_INGRESS: `http://${listenAddress}:${hostPort}`,
      // images of the next release come to the nodes by the same way as this one's
      BERTH_LOAD_COMMAND: 'kind load docker-image --name berth',
    });
  });

  it('takes its ingress controller by commit, and waits for it where the manifests look for it', () => {
    const { controller } = environment('local').ingress!;
    const applied = commands.filter((command) => command.startsWith('kubectl apply'));
    expect(applied).toEqual([expect.stringMatching(/^kubectl apply -f https:\/\/raw\.githubusercontent\.com\/[\w-]+\/[\w-]+\/[0-9a-f]{40}\/[\w/]+\.yaml$/)]);
    expect(commands).toContain(`kubectl rollout status -n ${controller.namespace} deployment/ingress-nginx-controller --timeout=5m`);
  });

  it('does what docs/testing.md says for one’s own machine', () => {
    for (const command of commands.filter((each) => each.startsWith('kubectl') || each.startsWith('npm run images')))
      expect(textOf('docs/testing.md')).toContain(`\n${command}\n`);
  });
});

interface Kind {
  readonly nodes: readonly [
    { readonly extraPortMappings: readonly [{ readonly containerPort: number; readonly hostPort: number; readonly listenAddress: string }] },
  ];
}

const installed = spawnSync('actionlint', ['-version'], { stdio: 'ignore' }).error === undefined;

(installed ? it : it.skip)('actionlint has nothing to say (skipped without actionlint: go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12)', () => {
  const { stdout, stderr, status } = spawnSync('actionlint', ['-no-color', ...files], { cwd: repository, encoding: 'utf8' });
  expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: '', status: 0 });
});

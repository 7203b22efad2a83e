import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';
import { berth, folderWith, writeFiles } from '../testing/berth-process';
import { describeWithControlPlane } from '../testing/use-control-plane';

const job = (name: string, image: string) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name },
  spec: { backoffLimit: 0, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image }] } } },
});
/** A CronJob whose runs are made by the test. */
const cronJob = (schedule: string) => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'tidy' },
  spec: { schedule, jobTemplate: { spec: job('tidy', 'web:1').spec } },
});
const cronJobs = { apiVersion: 'batch/v1', kind: 'CronJob', plural: 'cronjobs', namespaced: true };
const jobs = { apiVersion: 'batch/v1', kind: 'Job', plural: 'jobs', namespaced: true };

describeWithControlPlane('Jobs', (at) => {
  const run = (...args: string[]) => berth(args, { kubeconfig: at().plane.kubeconfig });

  async function uids(namespace: string): Promise<Record<string, string>> {
    const found = await at().plane.connect().list(jobs, namespace);
    return Object.fromEntries(found.map(({ metadata: { name, uid } }) => [name, uid!]));
  }

  /** Makes a Job that is none of the folder's, and waits until it has a condition. */
  async function makeJob(namespace: string, made: ReturnType<typeof job>, condition: 'Failed' | 'Complete'): Promise<void> {
    const cluster = at().plane.connect();
    const location = { resource: jobs, namespace, name: made.metadata.name };
    await cluster.create(location, made);
    const hasCondition = (object?: KubernetesObject) => JSON.stringify(object?.status ?? {}).includes(`"${condition}"`);
    while (!hasCondition(await cluster.get(location))) await sleep(50);
  }

  /** Makes a run of the CronJob, as `kubectl create job --from` does. */
  async function makeRun(namespace: string, name: string, image: string, condition: 'Failed' | 'Complete'): Promise<void> {
    const owner = await at().plane.connect().get({ resource: cronJobs, namespace, name: 'tidy' });
    const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'tidy', uid: owner!.metadata.uid!, controller: true }];
    const { metadata, ...rest } = job(name, image);
    await makeJob(namespace, { ...rest, metadata: { ...metadata, ownerReferences } as typeof metadata }, condition);
  }

  it('that fail are told at once with the cure; applied again they are made anew, and no other', async () => {
    const namespace = await at().namespace();
    const folder = folderWith({ 'bad.json': JSON.stringify(job('bad', 'broken:1')), 'good.json': JSON.stringify(job('good', 'web:1')) });
    await makeJob(namespace, job('stranger', 'broken:1'), 'Failed');
    const failed = await run('apply', folder, '-n', namespace);
    expect({ ...failed, isSoon: failed.ms < 30_000 }).toMatchObject({ code: 4, isSoon: true });
    expect(failed.stderr).toMatch(
      // beside it the other one, where that was not done yet
      new RegExp(
        `^(berth:|  -) Job/${namespace}/bad: (pod bad-\\w+: container main ends with exit code 1|BackoffLimitExceeded: .*: mend the cause and apply again)`,
        'm',
      ),
    );

    const before = await uids(namespace);
    const plan = await run('plan', folder, '-n', namespace);
    expect(plan.stdout).toContain(`! Job/${namespace}/bad (deleted and made anew)\n    it failed, and a Job that failed never runs again by itself\n`);
    expect(plan.stdout).toContain('1 to replace, 1 unchanged');
    expect((await run('apply', folder, '-n', namespace)).code).toBe(4);
    const after = await uids(namespace);
    expect(after).toEqual({ ...before, bad: expect.any(String) as string });
    expect(after['bad']).not.toBe(before['bad']);
  }, 90_000);

  it('that are done are never run again, but with another image they are made anew', async () => {
    const namespace = await at().namespace();
    const folder = folderWith({ 'good.json': JSON.stringify(job('good', 'registry.example/web:1')) });
    const images = join(folder, '..', 'images.json');
    writeFiles(join(folder, '..'), { 'images.json': '{"web": "registry.example/web:2"}' });
    expect((await run('apply', folder, '-n', namespace)).code).toBe(0);
    const first = await uids(namespace);
    expect((await run('apply', folder, '-n', namespace)).stdout).toContain('is unchanged');
    expect(await uids(namespace)).toEqual(first);
    expect(await run('apply', folder, '-n', namespace, '--images', images)).toMatchObject({ code: 0 });
    const second = await uids(namespace);
    expect(second['good']).not.toBe(first['good']);
    expect((await run('apply', folder, '-n', namespace, '--images', images)).stdout).toContain('is unchanged');
    expect(await uids(namespace)).toEqual(second);
  }, 90_000);

  it('that are deleted when they are done count as done when they are gone, but not where they failed', async () => {
    const namespace = await at().namespace();
    const passing = (name: string, image: string) => {
      const { spec, ...rest } = job(name, image);
      return JSON.stringify({ ...rest, spec: { ...spec, ttlSecondsAfterFinished: 0 } });
    };
    const folder = folderWith({ 'good.json': passing('good', 'web:1') });
    for (let i = 0; i < 3; i++) expect(await run('apply', folder, '-n', namespace)).toMatchObject({ code: 0 });
    expect(await uids(namespace)).toEqual({});
    for (const command of ['status', 'verify', 'doctor']) expect(await run(command, folder, '-n', namespace)).toMatchObject({ code: 0 });
    const failed = await run('apply', folderWith({ 'bad.json': passing('bad', 'broken:1') }), '-n', await at().namespace());
    expect({ ...failed, isSoon: failed.ms < 30_000 }).toMatchObject({ code: 4, isSoon: true });
    expect(failed.stderr).toMatch(/Job\/test-\d+\/bad: (BackoffLimitExceeded|pod bad)/);
  }, 90_000);

  it('that are the newest run of a CronJob tell doctor how it stands, and hold up no apply', async () => {
    const namespace = await at().namespace();
    const folder = folderWith({ 'tidy.json': JSON.stringify(cronJob('0 0 1 1 *')) });
    const diagnoses = async () => [await run('doctor', folder, '-n', namespace), await run('doctor', '-n', namespace)];
    expect(await run('apply', folder, '-n', namespace)).toMatchObject({ code: 0 });
    for (const diagnosis of await diagnoses()) expect(diagnosis).toMatchObject({ code: 0 });

    await makeRun(namespace, 'tidy-1', 'broken:1', 'Failed');
    for (const { code, stdout } of await diagnoses()) {
      expect(code).toBe(4);
      expect(stdout).toMatch(new RegExp(`^Job/${namespace}/tidy-1: pod tidy-1-\\w+: container main ends with exit code 1`));
    }
    writeFiles(folder, { 'tidy.json': JSON.stringify(cronJob('0 0 2 1 *')) });
    expect(await run('apply', folder, '-n', namespace)).toMatchObject({ code: 0 });
    writeFiles(folder, { 'slow.json': JSON.stringify(job('slow', 'slow:1')) });
    const late = await run('apply', folder, '-n', namespace, '--timeout', '2s');
    expect(late.code).toBe(4);
    expect(late.stdout + late.stderr).not.toContain('tidy-1');

    const other = await at().namespace();
    writeFiles(folder, { 'slow.json': '' });
    expect(await run('apply', folder, '-n', other)).toMatchObject({ code: 0 });
    await makeRun(other, 'tidy-1', 'broken:1', 'Failed');
    // times of the API have no fractions of a second
    await sleep(1_100);
    await makeRun(other, 'tidy-2', 'web:1', 'Complete');
    for (const args of [
      [folder, '-n', other],
      ['-n', other],
    ])
      expect(await run('doctor', ...args)).toMatchObject({ code: 0 });
  }, 90_000);

  it('that are done are no pods of a Service that selects their labels too', async () => {
    const namespace = await at().namespace();
    const metadata = { labels: { app: 'web' } };
    const migration = job('a-migrate', 'web:1');
    const containers = [{ name: 'main', image: 'web:1', ports: [{ name: 'web', containerPort: 8080 }] }];
    const folder = folderWith({
      'migration.json': JSON.stringify({ ...migration, spec: { ...migration.spec, template: { ...migration.spec.template, metadata } } }),
      'deployment.json': JSON.stringify({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web' },
        spec: { selector: { matchLabels: metadata.labels }, template: { metadata, spec: { containers } } },
      }),
      'service.json': JSON.stringify({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web' },
        spec: { selector: metadata.labels, ports: [{ port: 80, targetPort: 'web' }] },
      }),
    });
    expect(await run('apply', folder, '-n', namespace)).toMatchObject({ code: 0 });
    const { code, stdout } = await run('doctor', folder, '-n', namespace);
    expect(stdout).not.toContain('its port 80');
    expect(code).toBe(0);
  }, 90_000);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { berth } from '../../deploy/testing/berth-process';
import { eventually, sayMeasured } from '../../services/service-kit/testing/load-client';
import { describeOnCluster, kubectl, objectsIn } from './cluster';
import { applied, madeNamespace, removeNamespace } from './connected';
import { startLogCuttingProxy } from './log-cutting-proxy';
import { hardenedPod } from './probe-pod';
import { runningBerth } from '../../deploy/testing/running-berth';

const namespace = 'streams-logs';
const minutes = 60_000;

/**
 * Prints LINES numbered lines in bursts, and then how many they were. The first RUNS runs in a pod end with a fault. A SIGTERM ends the printing, and
 * after 4 s, in which the API serves what was printed, the program. LONG lines are longer than the pieces in which a node keeps them; else some go to
 * stderr.
 */
const program = `
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const { LINES, RUNS, NAME, LONG } = process.env;
const file = '/tmp/runs-' + process.env.CONTAINER;
const run = existsSync(file) ? Number(readFileSync(file, 'utf8')) + 1 : 1;
writeFileSync(file, String(run));
const key = NAME + '/' + process.env.CONTAINER + ' ' + run + ' ';
let n = 0, isOver = false;
const over = (code) => {
  isOver = true;
  console.log(key + 'total ' + n);
  if (code !== undefined) process.exit(code);
};
const timer = setInterval(() => {
  for (let i = 0; i < 40 && n < LINES; i++, n++)
    if (LONG) console.log(key + n + (n % 300 === 0 ? ' ' + 'long '.repeat(4000) : ''));
    else (n % 5 === 0 ? console.error : console.log)(key + n);
  if (n < LINES || isOver) return;
  clearInterval(timer);
  over(run <= RUNS ? 1 : undefined);
}, 20);
process.on('SIGTERM', () => {
  clearInterval(timer);
  if (!isOver) over();
  setTimeout(() => process.exit(0), 4000);
});
setInterval(() => {}, 1000);
`;

/** Two replicas of it, each with an init container; how often each ran is kept on a volume that outlives it. */
function talker(lines: number, runs: number): object {
  const pod = hardenedPod({ name: 'talker', namespace, labels: { app: 'talker' } }) as { spec: { containers: object[] } };
  const [container] = pod.spec.containers as [object];
  const withEnv = (name: string, more: Readonly<Record<string, string>> = {}) => ({
    ...container,
    name,
    command: ['node', '-e', program],
    env: [
      ...Object.entries({ LINES: String(lines), RUNS: String(runs), CONTAINER: name, ...more }).map(([variable, value]) => ({ name: variable, value })),
      { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ],
  });
  const spec = {
    ...pod.spec,
    terminationGracePeriodSeconds: 20,
    initContainers: [{ ...withEnv('first'), command: ['sh', '-c', 'echo $NAME/first 1 0; echo $NAME/first 1 total 1'] }],
    containers: [withEnv('both'), withEnv('long', { LONG: 'yes' })],
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'talker', namespace },
    spec: { replicas: 2, selector: { matchLabels: { app: 'talker' } }, template: { metadata: { labels: { app: 'talker' } }, spec } },
  };
}

/** Of each run of each pod: which numbers came how often, and how many there were by its own account. */
function accountOf(text: string) {
  const runs = new Map<string, { readonly counts: Map<number, number>; total?: number }>();
  for (const line of text.split('\n')) {
    const [, pod = '', run = '', word, number] = /^(\S+) (\S+) (?:(total) )?(\d+)/.exec(line) ?? [];
    if (number === undefined) continue;
    const key = `${pod} ${run}`;
    const found = runs.get(key) ?? runs.set(key, { counts: new Map() }).get(key)!;
    if (word !== undefined) found.total = Number(number);
    else found.counts.set(Number(number), (found.counts.get(Number(number)) ?? 0) + 1);
  }
  return [...runs].map(([run, { counts, total }]) => ({
    run,
    total,
    lost: total === undefined ? [] : Array.from({ length: total }, (_, n) => n).filter((n) => !counts.has(n)),
    doubled: [...counts].filter(([, count]) => count > 1).map(([n]) => n),
  }));
}

describeOnCluster('berth logs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-logs-'));
  const manifest = join(folder, 'talker.json');
  const kubeconfig = process.env['KUBECONFIG'] ?? '';
  beforeAll(() => madeNamespace(namespace), 2 * minutes);
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await removeNamespace(namespace);
  }, 3 * minutes);

  const pods = () => objectsIn(namespace, 'pods', 'app=talker');
  const run = (...args: string[]) => berth(['logs', manifest, '-n', namespace, ...args], { kubeconfig });

  it(
    'follows restarts, a rollout and a deletion over connections that break, and loses or doubles no line',
    async () => {
      const proxy = await startLogCuttingProxy();
      writeFileSync(manifest, JSON.stringify(talker(3_000, 2)));
      const logs = runningBerth(['logs', manifest, '-n', namespace, '-f', '-o', 'json'], proxy.kubeconfig);
      await applied(talker(3_000, 2));
      const said = (run: number) => async () => {
        const totals = new Set(accountOf(logs.stdout).flatMap(({ run: which, total }) => (total === undefined ? [] : [which])));
        const names = (await pods()).map(({ metadata }) => metadata.name);
        return names.length === 2 && names.every((name) => ['both', 'long'].every((container) => totals.has(`${name}/${container} ${run}`)));
      };
      await eventually('each container is in its third run', 90_000, said(3));
      await kubectl('rollout', 'restart', '-n', namespace, 'deployment/talker');
      await kubectl('rollout', 'status', '-n', namespace, 'deployment/talker', '--timeout=90s');
      await eventually('new pods are in their second run', 60_000, said(2));
      const [victim] = await pods();
      await kubectl('delete', '-n', namespace, `pod/${victim!.metadata.name}`);
      await eventually('the successor is in its third run', 90_000, said(3));
      expect(await logs.stop()).toBe(0);
      const account = accountOf(logs.stdout);
      sayMeasured('logs that were followed', {
        ...{ cuts: proxy.cuts, runs: account.length, lines: logs.stdout.split('\n').length },
        ...{ lost: account.reduce((sum, { lost }) => sum + lost.length, 0), doubled: account.reduce((sum, { doubled }) => sum + doubled.length, 0) },
      });
      await proxy.close();
      expect(account.filter(({ lost, doubled }) => lost.length > 0 || doubled.length > 0)).toEqual([]);
      // of pods that were deleted too, and no run is missing between two others
      expect(account.filter(({ total }) => total === undefined)).toEqual([]);
      const runs = new Set(account.map(({ run: which }) => which));
      const before = [...runs].flatMap((which) => (which.endsWith(' 1') ? [] : [which.replace(/\d+$/, (number) => String(Number(number) - 1))]));
      expect(before.filter((which) => !runs.has(which))).toEqual([]);
      expect(logs.stdout.split('\n').length).toBeGreaterThan(20_000);
      expect(proxy.cuts).toBeGreaterThan(20);
    },
    6 * minutes,
  );

  it(
    'shows what the API serves of every container, sorted by time, over connections that break',
    async () => {
      await eventually('all is said', 150_000, async () => {
        const texts = await Promise.all((await pods()).map(({ metadata }) => kubectl('logs', '-n', namespace, metadata.name, '--all-containers', '--tail=5')));
        return texts.length === 2 && texts.every((text) => text.match(/ 3 total /g)?.length === 2);
      });
      const proxy = await startLogCuttingProxy();
      const { code, stdout } = await berth(['logs', manifest, '-n', namespace, '-o', 'json'], { kubeconfig: proxy.kubeconfig });
      await proxy.close();
      const names = (await pods()).map(({ metadata }) => metadata.name);
      const served = await Promise.all(
        names.flatMap((name) => ['first', 'both', 'long'].map((container) => kubectl('logs', '-n', namespace, name, '-c', container, '--timestamps'))),
      );
      const expected = served.flatMap((text) => text.split('\n')).sort();
      expect(code).toBe(0);
      expect(proxy.cuts).toBeGreaterThan(0);
      expect(stdout.trimEnd().split('\n').sort()).toEqual(expected.map((line) => line.slice(31)).sort());
      const { stdout: columns } = await run();
      const times = columns
        .trimEnd()
        .split('\n')
        .map((line) => line.slice(0, 12));
      expect(times.filter((time, i) => i > 0 && time < times[i - 1]!).length).toBeLessThan(times.length / 100);
    },
    4 * minutes,
  );

  it('shows the last lines of each container, of the run before, and of a workload alone', async () => {
    const { stdout } = await run('--tail', '2', '-o', 'json');
    expect(stdout.trimEnd().split('\n')).toHaveLength(2 * 3 * 2);
    expect((await run('--tail', '0')).stdout).toBe('');
    const before = await run('deploy/talker', '--previous', '-o', 'json');
    expect(
      new Set(
        before.stdout
          .trimEnd()
          .split('\n')
          .map((line) => line.split(' ')[1]),
      ),
    ).toEqual(new Set(['2']));
    const since = await run('--since', '1s', '-o', 'json');
    expect({ code: since.code, stdout: since.stdout }).toEqual({ code: 0, stdout: '' });
  });

  it('followed with --tail 0 shows nothing old, also when the run before is still kept', async () => {
    const logs = runningBerth(['logs', manifest, '-n', namespace, '-f', '--tail', '0', '-o', 'json']);
    await sleep(3_000);
    await logs.stop();
    expect(logs.stdout).toBe('');
  });

  it.each([
    [['nobody'], 2, /has no workload "nobody": choose from talker/],
    [['--follow', '--previous'], 2, /nothing to --follow: leave one of them out/],
    [['--tail', 'x'], 2, /must be a whole number/],
    [['--since', '10'], 2, /must be a duration/],
    [['-o', 'yaml'], 2, /Allowed choices are table, json/],
  ])('%j is told with its cure', async (args, code, says) => {
    const result = await run(...args);
    expect({ code: result.code, stderr: result.stderr, stdout: result.stdout }).toEqual({ code, stderr: expect.stringMatching(says) as string, stdout: '' });
  });
});

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { berth } from '../../deploy/testing/berth-process';
import { describeOnCluster, kubectl, kubectlSaid } from './cluster';
import { deployment, probe, service, shopParts } from './doctor-objects';
import { doctor, folderOf, freshNamespace, listOf, promisedMs, removeNamespace, saidIn, toldBy, until } from './doctor-stacks';

const minutes = 60_000;
const namespace = 'doctor-stacks';
const kubeconfig = process.env['KUBECONFIG'] ?? '';

/** A shop that is well: who sells asks who knows the customers. */
const shop = (replicas: number) => [
  deployment('user-service', shopParts('user-service', {}, { replicas })),
  service('user-service'),
  deployment('order-service', shopParts('order-service', { USER_SERVICE_URL: 'http://user-service:8000' }, { replicas })),
  service('order-service'),
];

const applied = (folder: string) => kubectlSaid(['apply', '-f', folder]);

describeOnCluster('doctor on stacks', () => {
  beforeAll(() => freshNamespace(namespace), 3 * minutes);
  afterAll(() => removeNamespace(namespace), 3 * minutes);

  it(
    'says healthy and nothing else of what is well, and calls a rollout broken at no moment of it',
    async () => {
      const folder = folderOf('shop', namespace, shop(2));
      await applied(folder);
      const rolledOut = () =>
        Promise.all(['user-service', 'order-service'].map((name) => kubectl('rollout', 'status', '-n', namespace, `deployment/${name}`, '--timeout=120s')));
      await rolledOut();
      expect(await doctor([folder])).toMatchObject({ code: 0, stdout: `${namespace}/shop is healthy\n`, stderr: '' });
      await kubectl('rollout', 'restart', '-n', namespace, 'deployment/user-service', 'deployment/order-service');
      const states: string[] = [];
      let isDone = false;
      const rollout = rolledOut().then(() => (isDone = true));
      while (!isDone) {
        const run = await doctor([folder, '-o', 'json']);
        states.push(toldBy(run).state);
        expect({ code: run.code, stdout: run.stdout }).toEqual({ code: 0, stdout: expect.not.stringContaining('"broken"') as string });
      }
      await rollout;
      expect(states).toContain('progressing');
      expect((await doctor([folder])).stdout).toBe(`${namespace}/shop is healthy\n`);
      for (const format of ['json', 'yaml'])
        expect(parse((await doctor([folder, '-o', format])).stdout)).toEqual({
          name: `${namespace}/shop`,
          state: 'healthy',
          healthy: true,
          causes: [],
          underWay: [],
          notLookedAt: [],
        });
    },
    4 * minutes,
  );

  it(
    'a stuck rollout is said to be one, with what serves on, and apply gives up with the same sentence',
    async () => {
      await berthApplied('stuck', [deployment('stuck', { replicas: 2 }), service('stuck')], 0);
      const broken = [deployment('stuck', { replicas: 2, container: { image: 'node:none', imagePullPolicy: 'Never' } }), service('stuck')];
      const { stderr } = await berthApplied('stuck', broken, 4);
      expect(stderr).toMatch(
        /Deployment\/doctor-stacks\/stuck: pod stuck-\S+: the image node:none is not on the node.*the rollout is stuck, and the old revision serves on: 2 of its pods are ready/,
      );
      // by its inventory, with no folder at all
      const run = await doctor(['--name', 'stuck', '-n', namespace, '-o', 'json']);
      const { causes } = toldBy(run);
      expect(causes).toMatchObject([{ rule: 'image-never-pulled', object: `Deployment/${namespace}/stuck`, followers: [] }]);
      expect(causes[0]!.cause).toMatch(/the rollout is stuck, and the old revision serves on: 2 of its pods are ready/);
      expect(run).toMatchObject({ code: 4, stderr: '' });
      expect(run.ms).toBeLessThan(promisedMs);
      expect((await berth(['destroy', '--name', 'stuck', '-n', namespace, '--confirm', 'stuck'], { kubeconfig })).code).toBe(0);
    },
    3 * minutes,
  );

  async function berthApplied(name: string, objects: Parameters<typeof folderOf>[2], code: number) {
    const context = await kubectl('config', 'current-context');
    const run = await berth(['apply', folderOf(name, namespace, objects), '--context', context, '--timeout', '2m'], { kubeconfig });
    expect({ code: run.code, stderr: run.stderr }).toEqual({ code, stderr: expect.any(String) as string });
    return run;
  }

  it(
    'apply gives up on what only all of the rules see, such as a readiness path that isn’t there',
    async () => {
      const startedAt = performance.now();
      const objects = [deployment('lost', { container: { readinessProbe: probe('/raedy') } })];
      const context = await kubectl('config', 'current-context');
      const run = await berth(['apply', folderOf('lost', namespace, objects), '--context', context, '--timeout', '10m'], { kubeconfig });
      expect(run.code).toBe(4);
      expect(run.stderr).toMatch(
        /Deployment\/doctor-stacks\/lost: pod lost-\S+: container app is not ready: its readiness probe asks \/raedy, and is answered 404/,
      );
      expect(performance.now() - startedAt).toBeLessThan(150_000);
      expect((await berth(['destroy', '--name', 'lost', '-n', namespace, '--confirm', 'lost'], { kubeconfig })).code).toBe(0);
    },
    4 * minutes,
  );

  it(
    'what a quota, Pod Security or a taint keeps out is named by it',
    async () => {
      const namespaces = ['doctor-quota', 'doctor-restricted'] as const;
      await freshNamespace('doctor-quota');
      await freshNamespace('doctor-restricted', { 'pod-security.kubernetes.io/enforce': 'restricted' });
      const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'small' }, spec: { hard: { pods: '0' } } };
      // a node that nothing runs on: nothing else may be kept off for it
      const labels = { 'shop.example/till': 'golden' };
      const node = {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: 'doctor-tainted', labels },
        spec: { taints: [{ key: 'shop.example/closed', value: 'yes', effect: 'NoSchedule' }] },
      };
      await kubectlSaid(['apply', '-f', '-'], listOf('doctor-quota', [quota]));
      await kubectlSaid(['apply', '-f', '-'], JSON.stringify(node));
      try {
        const cases = [
          [
            'doctor-quota',
            'crowded',
            {},
            'quota',
            /the quota small of the namespace is used up: requested: pods=1, used: pods=0, limited: pods=0/,
            /exceeded quota/,
          ],
          [
            'doctor-restricted',
            'careless',
            {},
            'pod-security',
            /the Pod Security of the namespace, restricted:latest, does not allow them: .*runAsNonRoot/,
            /violates PodSecurity/,
          ],
          [namespace, 'kept-off', { pod: { nodeSelector: labels } }, 'node-taint', /it does not tolerate the taint shop\.example\/closed/, /untolerated taint/],
        ] as const;
        for (const [where, name, parts, rule, cause, seen] of cases) {
          const folder = folderOf(name, where, [deployment(name, parts)]);
          await applied(folder);
          await until(`${name} is seen`, async () => (await saidIn(where, [])).some((line) => line.includes(name) && seen.test(line)));
          const run = await doctor([folder, '-o', 'json']);
          expect(toldBy(run).causes).toMatchObject([
            { rule, cause: expect.stringMatching(cause) as string, evidence: expect.arrayContaining([expect.stringMatching(seen)]) as string[] },
          ]);
          expect(run.code).toBe(4);
          expect(run.ms).toBeLessThan(promisedMs);
        }
      } finally {
        await kubectl('delete', 'node', 'doctor-tainted', '--ignore-not-found');
        await Promise.all([kubectl('delete', 'deployment', 'kept-off', '-n', namespace, '--ignore-not-found'), ...namespaces.map(removeNamespace)]);
      }
    },
    4 * minutes,
  );

  describe('who asks', () => {
    const temporary = mkdtempSync(join(tmpdir(), 'berth-doctor-'));
    afterAll(() => rmSync(temporary, { recursive: true }));

    /** The kubeconfig with another user in it. */
    async function asUser(name: string, user: object): Promise<string> {
      const config = parse(await kubectl('config', 'view', '--minify', '--raw', '-o', 'yaml')) as { contexts: { context: object }[]; clusters: unknown[] };
      const file = join(temporary, name);
      writeFileSync(
        file,
        stringify({
          ...config,
          users: [{ name: 'other', user }],
          contexts: config.contexts.map((each) => ({ ...each, context: { ...each.context, user: 'other' } })),
        }),
        { mode: 0o600 },
      );
      return file;
    }

    it(
      'with a kubeconfig that has expired is told that, before anything else',
      async () => {
        const [key, request, certificate] = ['key.pem', 'request.pem', 'certificate.pem'].map((file) => join(temporary, file)) as [string, string, string];
        const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
        openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=old', '-keyout', key, '-out', request);
        openssl('x509', '-req', '-in', request, '-signkey', key, '-days', '0', '-out', certificate);
        const token = ['{"alg":"none"}', '{"exp":1577836800,"sub":"system:serviceaccount:shop:deployer"}', 'x']
          .map((part) => Buffer.from(part).toString('base64url'))
          .join('.');
        const folder = folderOf('shop', namespace, shop(1));
        const expired = await doctor([folder, '-o', 'json'], await asUser('token', { token }));
        expect(toldBy(expired).causes).toMatchObject([
          {
            rule: 'kubeconfig-expired',
            cause: 'the cluster does not let it in: the token of its kubeconfig expired at 2020-01-01T00:00:00.000Z: get a new one',
            evidence: [expect.stringContaining('401') as string, expect.any(String)],
          },
        ]);
        const aged = await doctor([folder, '-o', 'json'], await asUser('certificate', { 'client-certificate': certificate, 'client-key': key }));
        expect(toldBy(aged).causes).toMatchObject([
          { rule: 'kubeconfig-expired', cause: expect.stringMatching(/the certificate of its kubeconfig expired at 20/) as string },
        ]);
        const stranger = await doctor([folder, '-o', 'json'], await asUser('stranger', { token: 'of another cluster' }));
        expect(toldBy(stranger).causes).toMatchObject([
          { rule: 'kubeconfig-expired', cause: expect.stringMatching(/its credentials are not, or no longer, the cluster’s/) as string },
        ]);
        for (const { code, ms } of [expired, aged, stranger]) {
          expect(code).toBe(4);
          expect(ms).toBeLessThan(promisedMs);
        }
      },
      minutes,
    );

    it(
      'without rights is told which verb and resource is missing',
      async () => {
        await kubectl('create', 'serviceaccount', 'stranger', '-n', namespace);
        const token = await kubectl('create', 'token', 'stranger', '-n', namespace);
        const run = await doctor([folderOf('shop', namespace, shop(1)), '-o', 'json'], await asUser('stranger', { token }));
        const { causes } = toldBy(run);
        expect(causes).toMatchObject([
          { rule: 'no-rights', cause: expect.stringMatching(/^you may not get configmaps in doctor-stacks: .*list pods in doctor-stacks/) as string },
        ]);
        expect(causes[0]!.next[0]).toBe(`kubectl auth can-i get configmaps -n ${namespace}`);
        expect(run.code).toBe(4);
        expect(run.ms).toBeLessThan(promisedMs);
      },
      minutes,
    );
  });
});

describeOnCluster(
  'doctor, with policies enforced',
  () => {
    const barred = 'doctor-barred';
    beforeAll(() => freshNamespace(barred), 3 * minutes);
    afterAll(() => removeNamespace(barred), 3 * minutes);

    it(
      'names the policy that keeps a service from its peer, and what the service says of it',
      async () => {
        const policy = {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'NetworkPolicy',
          metadata: { name: 'nobody-in' },
          spec: { podSelector: { matchLabels: { app: 'user-service' } }, policyTypes: ['Ingress'], ingress: [] },
        };
        const folder = folderOf('shop', barred, [...shop(1), policy]);
        await applied(folder);
        const hears = async () =>
          toldBy(await doctor([folder, '-o', 'json'])).causes[0]?.evidence.some((line) => line.includes('the peer does not answer')) === true;
        await until('the policy is felt', hears);
        const run = await doctor([folder, '-o', 'json']);
        expect(toldBy(run).causes).toMatchObject([{ rule: 'network-policy', cause: expect.stringMatching(/NetworkPolicy\/nobody-in/) as string }]);
        expect(run.code).toBe(4);
      },
      3 * minutes,
    );
  },
  { 'a cluster that enforces NetworkPolicies, said by BERTH_POLICIES=enforced': process.env['BERTH_POLICIES'] === 'enforced' },
);

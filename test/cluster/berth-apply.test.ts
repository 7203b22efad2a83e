import type { CuttingProxy } from '../../deploy/testing/cutting-proxy';
import { sayMeasured } from '../../services/service-kit/testing/load-client';
import { expectBerth, proxyToCluster } from './berth';
import { describeOnCluster, objectsIn, serversIn } from './cluster';
import { createSecrets, deploy, deployed, makeNamespace, mark, namespaceOf, refuseTaken, remove } from './environments';
import { watchPods } from './ready-times';

const minutes = 60_000;

/** From the contract: so many times what the slowest pod needs. */
const mostOfSlowestPod = 1.3;

describe.each(['local', 'staging'])('%s by berth', (environment) => {
  const namespace = namespaceOf(environment);

  describeOnCluster(`an empty cluster, ${environment}`, () => {
    let proxy: CuttingProxy;
    beforeAll(async () => {
      proxy = await proxyToCluster();
      await refuseTaken(environment);
      // Secrets need their namespace; what needs none finds an empty cluster
      if (environment === 'staging') {
        await makeNamespace(environment);
        await createSecrets(environment);
      }
    });
    afterAll(async () => {
      await proxy?.close();
      await remove(environment);
    }, 3 * minutes);

    it(
      'is deployed, and takes hardly longer than its slowest pod',
      async () => {
        const pods = watchPods(namespace);
        const startedAt = performance.now();
        const { ms, stdout } = await expectBerth(0, ['apply', '--env', environment]).finally(pods.stop);
        await mark(environment);
        expect(stdout).toBe(`${namespace}/${environment} is revision 1, and all of it is ready\n`);
        for (const service of deployed) expect(await serversIn(namespace, service)).toHaveLength(environment === 'local' ? 1 : 2);
        // a Deployment counts a pod when it has been ready for so long
        const minReadyMs = 1_000 * Math.max(...(await objectsIn(namespace, 'deployments')).map(({ spec }) => Number(spec['minReadySeconds'] ?? 0)));
        const slowestMs = Math.max(...pods.ready.values()) + minReadyMs - startedAt;
        const times = Math.round((100 * ms) / slowestMs) / 100;
        sayMeasured(`berth apply --env ${environment}`, { ms: Math.round(ms), 'slowest pod ms': Math.round(slowestMs), times });
        expect(ms).toBeLessThanOrEqual(mostOfSlowestPod * slowestMs);
      },
      5 * minutes,
    );

    it('is healthy by berth status', async () => {
      const { stdout } = await expectBerth(0, ['status', '--env', environment, '-o', 'json']);
      expect(JSON.parse(stdout)).toMatchObject({ healthy: true, revision: { number: 1, outcome: 'healthy' } });
    });

    it('is applied again without one write', async () => {
      proxy.arm({ atWrite: Infinity, when: 'after', how: 'kill' });
      const { stdout } = await expectBerth(0, ['apply', '--env', environment, '--context', 'test'], { kubeconfig: proxy.kubeconfig });
      expect(stdout).toBe(`${namespace}/${environment} is unchanged, at revision 1, and all of it is ready\n`);
      expect(proxy.writes).toBe(0);
    });
  });

  describeOnCluster(`what kubectl deployed, ${environment}`, () => {
    beforeAll(async () => void (await deploy(environment)), 5 * minutes);
    afterAll(() => remove(environment), 3 * minutes);

    it(
      'is taken over without a conflict, and no pod is made anew',
      async () => {
        const uids = async () => (await objectsIn(namespace, 'pods')).map(({ metadata }) => metadata.uid).sort();
        const before = await uids();
        const { stderr } = await expectBerth(0, ['apply', '--env', environment]);
        expect(stderr).toContain('taken over from kubectl');
        expect(await uids()).toEqual(before);
        expect((await expectBerth(0, ['plan', '--env', environment])).stdout).toMatch(/^\d+ unchanged$/m);
      },
      2 * minutes,
    );
  });
});

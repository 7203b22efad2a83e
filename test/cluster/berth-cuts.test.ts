import type { Cluster } from '../../deploy/src/cluster/cluster';
import { createCutter, type Cutter, everyCut, scenariosOf, spread } from '../../deploy/testing/cut-commands';
import type { CuttingProxy } from '../../deploy/testing/cutting-proxy';
import { sayMeasured } from '../../services/service-kit/testing/load-client';
import { proxyToCluster } from './berth';
import { describeOnCluster, kubectl } from './cluster';
import { connected } from './connected';

/** Twenty cuts over all commands by BERTH_FULL=1; else one of each. */
const cutsOfEach = process.env['BERTH_FULL'] === '1' ? 4 : 1;

const programs = { server: 'require("node:http").createServer((_, answer) => answer.end()).listen(80)', job: '0' };

const scenarios = scenariosOf((kind, name, release) => ({
  name,
  image: 'node:24-bookworm-slim',
  imagePullPolicy: 'IfNotPresent',
  command: ['node', '-e', programs[kind]],
  env: [{ name: 'RELEASE', value: String(release) }],
  ...(kind === 'server' && { readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 } }),
}));

describeOnCluster('a command that is cut on a whole cluster', () => {
  let [proxy, cluster, cutter] = [undefined as CuttingProxy | undefined, undefined as Cluster | undefined, undefined as Cutter | undefined];
  const namespaces: string[] = [];

  beforeAll(async () => {
    [proxy, cluster] = [await proxyToCluster(), await connected()];
    const namespace = async () => {
      const name = `berth-cut-${process.pid}-${namespaces.length + 1}`;
      await kubectl('create', 'namespace', name);
      namespaces.push(name);
      return name;
    };
    cutter = createCutter({ proxy, cluster, timeout: '60s', namespace });
  });
  afterAll(async () => {
    await proxy?.close();
    cluster?.connection.close();
    if (namespaces.length > 0) await kubectl('delete', 'namespace', ...namespaces, '--ignore-not-found', '--timeout=180s');
  }, 200_000);

  it.each(scenarios)(
    '$name ends in the same state when it is run again',
    async (scenario) => {
      const { writes, state } = await cutter!.uncut(scenario);
      const cuts = spread(everyCut(writes), cutsOfEach);
      for (const cut of cuts) expect({ cut, ended: await cutter!.cutAndRunAgain(scenario, cut) }).toEqual({ cut, ended: state });
      sayMeasured(`cut on a whole cluster, ${scenario.name}`, { writes, cuts });
    },
    cutsOfEach * 120_000,
  );
});

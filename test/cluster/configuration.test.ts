import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFolder } from '../../cdk8s/src/output/folder-writer';
import { environment, filesOf } from '../../cdk8s/test/synthesized';
import type { Environment } from '../../cdk8s/src/environment';
import { describeOnCluster, kubectl, objectsIn, serversIn } from './cluster';
import { deploy, namespaceOf, remove, services, settled } from './environments';

const minutes = 60_000;
const namespace = namespaceOf('local');

describeOnCluster('configuration', () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'berth-configuration-'));
    await deploy('local');
  }, 3 * minutes);
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await remove('local');
  }, 3 * minutes);

  it(
    'that did not change rolls no pod',
    async () => {
      const before = await state();
      await apply(environment('local'));
      expect(await state()).toEqual(before);
    },
    minutes,
  );

  it(
    'that changed for one service rolls that one, and the pod reads it',
    async () => {
      const before = await state();
      await apply({ ...environment('local'), overrides: { 'order-service': { configuration: { LOG_LEVEL: 'debug' } } } });
      const after = await state();
      expect(after['user-service']).toEqual(before['user-service']);
      expect(after['order-service']!.generation).toBe(before['order-service']!.generation! + 1);
      expect(after['order-service']!.pods).not.toEqual(before['order-service']!.pods);
      expect(await variable('order-service', 'LOG_LEVEL')).toBe('debug');
    },
    2 * minutes,
  );

  it(
    'that changed for everybody rolls everybody',
    async () => {
      const before = await state();
      await apply({ ...environment('local'), configuration: { LOG_LEVEL: 'warn' } });
      const after = await state();
      for (const service of services) {
        expect(after[service]!.pods).not.toEqual(before[service]!.pods);
        expect(await variable(service, 'LOG_LEVEL')).toBe('warn');
      }
    },
    2 * minutes,
  );

  async function apply(changed: Environment): Promise<void> {
    writeFolder(folder, filesOf(changed));
    await kubectl('apply', '-k', folder);
    await settled('local');
  }

  /** Of each service the generation, which a change of the Deployment counts up, and its pods. */
  async function state(): Promise<Record<string, { generation: number | undefined; pods: string[] }>> {
    const deployments = await objectsIn(namespace, 'deployments');
    const entries = services.map(async (service) => {
      const pods = (await serversIn(namespace, service)).map(({ metadata }) => metadata.uid);
      return [service, { generation: deployments.find(({ metadata }) => metadata.name === service)?.metadata.generation, pods }] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  const variable = (service: string, name: string) => kubectl('exec', '-n', namespace, `deployment/${service}`, '--', 'printenv', name);
});

import { planStack } from '../src/apply/apply';
import type { Cluster } from '../src/cluster/cluster';
import type { Resource } from '../src/cluster/discovery';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';
import { prepare } from '../src/manifests/prepare';
import { changesBetween } from '../src/plan/field-changes';
import { auditSince } from '../testing/audit';
import { applyObjects } from '../testing/in-process';
import { describeWithControlPlane } from '../testing/use-control-plane';

const plurals: Readonly<Record<string, Resource>> = {
  Deployment: { apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments', namespaced: true },
  StatefulSet: { apiVersion: 'apps/v1', kind: 'StatefulSet', plural: 'statefulsets', namespaced: true },
};

const labels = { app: 'web' };

function workload(kind: 'Deployment' | 'StatefulSet', more: object, pod: object = {}, image = 'web:1'): KubernetesObject {
  const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image }], ...pod } };
  return { apiVersion: 'apps/v1', kind, metadata: { name: 'web' }, spec: { selector: { matchLabels: labels }, template, ...more } };
}

const recreate = { strategy: { type: 'Recreate' } };
const words = { name: 'words', configMap: { name: 'words', optional: true } };

/** What was deployed, what is deployed then, and fields that are said to go. */
const steps: readonly (readonly [name: string, KubernetesObject, KubernetesObject, readonly string[]])[] = [
  ['a Deployment that becomes Recreate', workload('Deployment', {}), workload('Deployment', recreate), ['spec.strategy.rollingUpdate']],
  [
    'a Deployment whose strategy was said, and becomes Recreate with another image',
    workload('Deployment', { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } }),
    workload('Deployment', recreate, {}, 'web:2'),
    ['spec.strategy.rollingUpdate'],
  ],
  [
    'a StatefulSet that becomes OnDelete',
    workload('StatefulSet', {}),
    workload('StatefulSet', { updateStrategy: { type: 'OnDelete' } }),
    ['spec.updateStrategy.rollingUpdate'],
  ],
  [
    'volumes that become another kind, among others',
    workload('Deployment', {}, { volumes: [{ name: 'own' }, { name: 'words' }, { name: 'more' }] }),
    workload('Deployment', {}, { volumes: [{ name: 'first' }, { ...words, name: 'more' }, words, { name: 'own' }] }, 'web:2'),
    ['spec.template.spec.volumes[words].emptyDir', 'spec.template.spec.volumes[more].emptyDir'],
  ],
  [
    'a volume that was of a kind with defaults of its own',
    workload('Deployment', {}, { volumes: [{ name: 'words', secret: { secretName: 'words', optional: true } }] }),
    workload('Deployment', {}, { volumes: [words] }),
    ['spec.template.spec.volumes[words].secret'],
  ],
  [
    'a volume and the strategy at once',
    workload('Deployment', {}, { volumes: [{ name: 'words' }] }),
    workload('Deployment', recreate, { volumes: [words] }),
    ['spec.strategy.rollingUpdate', 'spec.template.spec.volumes[words].emptyDir'],
  ],
];

describeWithControlPlane('the server’s defaults that a manifest leaves no room for', (at) => {
  let cluster: Cluster;
  beforeAll(() => void (cluster = at().plane.connect()));
  afterAll(() => cluster?.connection.close());

  const stackIn = async () => ({ name: 'shop', namespace: await at().namespace() });
  type TestStack = Awaited<ReturnType<typeof stackIn>>;

  const live = async ({ namespace }: TestStack, { kind }: KubernetesObject) => (await cluster.get({ resource: plurals[kind]!, namespace, name: 'web' }))!;

  const planOf = async (stack: TestStack, object: KubernetesObject) => {
    const objects = await prepare([{ object, place: 'web.yaml' }], stack, cluster.discovery, undefined);
    return (await planStack(cluster, stack, objects, {})).plan.objects[0]!;
  };

  const managersOf = ({ metadata: { managedFields = [] } }: KubernetesObject) =>
    managedFields.filter(({ subresource }) => subresource === undefined).map(({ manager, operation }) => `${manager} ${operation}`);

  /** Plans and applies: what was announced is what came, in one change of the object. */
  async function goes(stack: TestStack, object: KubernetesObject, gone: readonly string[]): Promise<KubernetesObject> {
    const before = await live(stack, object);
    const planned = await planOf(stack, object);
    expect(planned.action).toBe('change');
    await applyObjects(cluster, stack, [object]);
    const after = await live(stack, object);
    const changes = changesBetween(before, after).filter(({ path }) => !path.includes('deployment.kubernetes.io/revision'));
    expect(planned.changes).toEqual(changes);
    for (const path of gone) expect(changes).toContainEqual(expect.objectContaining({ path, to: undefined }));
    expect(after.metadata.generation).toBe(before.metadata.generation! + 1);
    expect((await applyObjects(cluster, stack, [object])).changed).toBe(false);
    return after;
  }

  it.each(steps)(
    'go: %s',
    async (_, first, second, gone) => {
      const stack = await stackIn();
      await applyObjects(cluster, stack, [first]);
      const managers = managersOf(await live(stack, first));
      expect(managersOf(await goes(stack, second, gone))).toEqual(managers);
      // nothing of the way keeps a field, on the way back as well
      expect(managersOf(await goes(stack, first, []))).toEqual(managers);
    },
    60_000,
  );

  it('go where kubectl deployed it', async () => {
    const stack = await stackIn();
    const first = workload('Deployment', { strategy: { type: 'RollingUpdate' } });
    await cluster.connection.call({
      method: 'POST',
      path: `/apis/apps/v1/namespaces/${stack.namespace}/deployments`,
      query: { fieldManager: 'kubectl-client-side-apply' },
      body: { ...first, metadata: { name: 'web', annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(first) } } },
    });
    const second = workload('Deployment', recreate);
    const planned = await planOf(stack, second);
    expect(planned).toMatchObject({ action: 'change', force: false, notes: ['taken over from kubectl'] });
    expect(planned.changes).toContainEqual(expect.objectContaining({ path: 'spec.strategy.rollingUpdate', to: undefined }));
    await applyObjects(cluster, stack, [second]);
    expect((await live(stack, second)).spec).toMatchObject({ strategy: { type: 'Recreate' } });
    expect((await applyObjects(cluster, stack, [second])).changed).toBe(false);
  }, 60_000);

  it('stay where somebody else has set them, and what is wrong by itself is told as the server tells it', async () => {
    const stack = await stackIn();
    await applyObjects(cluster, stack, [workload('Deployment', {})]);
    const resource = plurals['Deployment']!;
    const spec = { strategy: { rollingUpdate: { maxSurge: 2 } } };
    await cluster.apply(
      { resource, namespace: stack.namespace, name: 'web' },
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec },
      { manager: 'another', force: true },
    );
    await expect(planOf(stack, workload('Deployment', recreate))).rejects.toThrow(/is refused by the cluster: .*spec\.strategy\.rollingUpdate: Forbidden/);
    const service = (spec: object): KubernetesObject => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { ports: [{ port: 80 }], ...spec },
    });
    await applyObjects(cluster, { ...stack, name: 'services' }, [service({})]);
    await expect(planOf({ ...stack, name: 'services' }, service({ allocateLoadBalancerNodePorts: true }))).rejects.toThrow(
      /is refused by the cluster: [^:]*: spec\.allocateLoadBalancerNodePorts: Forbidden: [^:]*$/,
    );
    const both = { name: 'words', emptyDir: {}, configMap: { name: 'words' } };
    await expect(planOf(stack, workload('Deployment', {}, { volumes: [both] }))).rejects.toThrow(/may not specify more than 1 volume type/);
  }, 60_000);

  it('cost an object in whose way none is no request', async () => {
    const stack = await stackIn();
    await applyObjects(cluster, stack, [workload('Deployment', {})]);
    const since = await auditSince(at().plane.auditLog);
    await applyObjects(cluster, stack, [workload('Deployment', {}, {}, 'web:2')]);
    const changes = (await since()).filter(({ uri, user, verb }) => user === 'admin' && verb === 'patch' && uri.includes('/deployments/web?'));
    expect(changes.map(({ dryRun }) => dryRun)).toEqual([true, false]);
  }, 60_000);
});

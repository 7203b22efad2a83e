import type { Cluster } from '../src/cluster/cluster';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';
import type { Plan } from '../src/plan/plan';
import { applyObjects, silent } from '../testing/in-process';
import { describeWithControlPlane } from '../testing/use-control-plane';

interface Lists {
  readonly first?: readonly string[];
  readonly env?: readonly string[];
  readonly image?: string;
}

const deployment = ({ first = ['one', 'two'], env = ['A', 'B', 'C'], image = 'web:1' }: Lists = {}): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        initContainers: first.map((name) => ({ name, image: 'first:1' })),
        containers: [{ name: 'web', image, env: env.map((name) => ({ name, value: name.toLowerCase() })) }],
      },
    },
  },
});

const service = (names: readonly string[], port = 80): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { selector: { app: 'web' }, ports: names.map((name) => ({ name, port: name === 'http' ? port : 9090 })) },
});

describeWithControlPlane('the order of a list', (at) => {
  let cluster: Cluster;
  beforeAll(() => void (cluster = at().plane.connect()));
  afterAll(() => cluster?.connection.close());

  const web = (namespace: string, plural = 'deployments') =>
    cluster.get({
      resource: { apiVersion: plural === 'services' ? 'v1' : 'apps/v1', kind: plural === 'services' ? 'Service' : 'Deployment', plural, namespaced: true },
      namespace,
      name: 'web',
    });
  const orderOf = async (namespace: string) => {
    const { initContainers, containers } = (
      (await web(namespace))!.spec as { template: { spec: Record<'initContainers' | 'containers', { name: string; env?: { name: string }[] }[]> } }
    ).template.spec;
    return { first: initContainers.map(({ name }) => name), env: containers[0]!.env!.map(({ name }) => name) };
  };
  const planned = async (stack: { name: string; namespace: string }, objects: readonly KubernetesObject[]) => {
    const plans: Plan[] = [];
    await applyObjects(cluster, stack, objects, { progress: { ...silent, plan: (plan) => plans.push(plan) } });
    return plans[0]!.objects.map(({ action, changes }) => ({ action, changes: changes.toSorted((one, other) => (one.path < other.path ? -1 : 1)) }));
  };

  it('is announced, made and kept, where it alone is another one and where more is', async () => {
    const stack = { name: 'shop', namespace: await at().namespace() };
    await applyObjects(cluster, stack, [deployment(), service(['http', 'metrics'])]);
    const before = (await web(stack.namespace))!.metadata.managedFields;
    const lists = { first: ['two', 'one'], env: ['C', 'A', 'B'] };
    expect(await planned(stack, [deployment(lists), service(['metrics', 'http'])])).toEqual([
      {
        action: 'change',
        changes: [
          { path: 'spec.template.spec.containers[web].env', from: ['A', 'B', 'C'], to: ['C', 'A', 'B'] },
          { path: 'spec.template.spec.initContainers', from: ['one', 'two'], to: ['two', 'one'] },
        ],
      },
      { action: 'change', changes: [{ path: 'spec.ports', from: ['http', 'metrics'], to: ['metrics', 'http'] }] },
    ]);
    expect(await orderOf(stack.namespace)).toEqual(lists);
    expect((await web(stack.namespace))!.metadata.managedFields!.map(({ manager, operation }) => [manager, operation])).toEqual(
      before!.map(({ manager, operation }) => [manager, operation]),
    );
    expect((await planned(stack, [deployment(lists), service(['metrics', 'http'])])).map(({ action }) => action)).toEqual(['unchanged', 'unchanged']);
    const more = { first: ['one', 'new', 'two'], env: ['B', 'A'], image: 'web:2' };
    expect((await planned(stack, [deployment(more), service(['http', 'metrics'], 81)])).map(({ changes }) => changes.map(({ path }) => path))).toEqual(
      [
        [
          'spec.template.spec.containers[web].env',
          'spec.template.spec.containers[web].env[C]',
          'spec.template.spec.containers[web].image',
          'spec.template.spec.initContainers',
          'spec.template.spec.initContainers[new]',
        ],
        ['spec.ports', 'spec.ports[http].port', 'spec.ports[http].targetPort'],
      ].map((paths) => paths.toSorted()),
    );
    expect(await orderOf(stack.namespace)).toEqual({ first: ['one', 'new', 'two'], env: ['B', 'A'] });
  });

  it('of what can’t be changed makes a Job anew, as any other change of it does', async () => {
    const stack = { name: 'shop', namespace: await at().namespace() };
    const job = (names: readonly string[]): KubernetesObject => {
      const containers = [{ name: 'a', image: 'a:1', env: names.map((name) => ({ name, value: '1' })) }];
      return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'job' }, spec: { template: { spec: { restartPolicy: 'Never', containers } } } };
    };
    await applyObjects(cluster, stack, [job(['A', 'B'])]);
    expect((await planned(stack, [job(['B', 'A'])])).map(({ action }) => action)).toEqual(['replace']);
    expect((await planned(stack, [job(['B', 'A'])])).map(({ action }) => action)).toEqual(['unchanged']);
  });

  it('leaves the elements of others where they are', async () => {
    const stack = { name: 'shop', namespace: await at().namespace() };
    await applyObjects(cluster, stack, [deployment()]);
    const theirs = { template: { spec: { containers: [{ name: 'web', env: [{ name: 'X', value: 'x' }] }] } } };
    await cluster.apply(
      { resource: { apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments', namespaced: true }, namespace: stack.namespace, name: 'web' },
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: theirs },
      { manager: 'another' },
    );
    const lists = { first: ['two', 'one'], env: ['B', 'A', 'C'] };
    await applyObjects(cluster, stack, [deployment(lists)]);
    const { first, env } = await orderOf(stack.namespace);
    expect(first).toEqual(lists.first);
    expect(env.filter((name) => name !== 'X')).toEqual(lists.env);
    expect(env).toContain('X');
    expect((await planned(stack, [deployment(lists)])).map(({ action }) => action)).toEqual(['unchanged']);
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { Cluster } from '../src/cluster/cluster';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';
import { stackId, stackLabel } from '../src/stack/stack';
import { definition, kindOf } from '../testing/definitions';
import { applyObjects, destroyStack } from '../testing/in-process';
import { describeWithControlPlane } from '../testing/use-control-plane';

const pairs = process.env['BERTH_FULL'] === '1' ? 500 : 25;

/** Kinds of which a set may have some, each with what makes one valid. */
const kinds = {
  ConfigMap: { apiVersion: 'v1', plural: 'configmaps', rest: { data: { a: 'b' } }, isData: false },
  Service: { apiVersion: 'v1', plural: 'services', rest: { spec: { ports: [{ port: 80 }] } }, isData: false },
  ServiceAccount: { apiVersion: 'v1', plural: 'serviceaccounts', rest: {}, isData: false },
  Role: { apiVersion: 'rbac.authorization.k8s.io/v1', plural: 'roles', rest: { rules: [] }, isData: false },
  Secret: { apiVersion: 'v1', plural: 'secrets', rest: { data: { a: 'YWJjZGVm' } }, isData: true },
  PersistentVolumeClaim: {
    apiVersion: 'v1',
    plural: 'persistentvolumeclaims',
    rest: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
    isData: true,
  },
} as const;

type Kind = keyof typeof kinds;

interface Member {
  readonly kind: Kind;
  readonly name: string;
  readonly kept: boolean;
}

/** What happens to an object between two applies: nothing, its label goes, another stack takes it, somebody puts another of its name there, or it is deleted. */
const fates = ['nothing', 'nothing', 'nothing', 'unlabelled', 'taken', 'replaced', 'deleted'] as const;

const member = fc.record({
  kind: fc.constantFrom(...(Object.keys(kinds) as Kind[])),
  name: fc.constantFrom('one', 'two', 'three'),
  kept: fc.nat({ max: 4 }).map((n) => n === 0),
});
const set = fc.uniqueArray(member, { minLength: 1, maxLength: 8, selector: ({ kind, name }) => `${kind}/${name}` });

const locationOf = ({ kind, name }: Pick<Member, 'kind' | 'name'>, namespace: string) => ({
  resource: { apiVersion: kinds[kind].apiVersion, kind, plural: kinds[kind].plural, namespaced: true },
  namespace,
  name,
});

function objectOf({ kind, name, kept }: Member): KubernetesObject {
  const { apiVersion, rest } = kinds[kind];
  return { apiVersion, kind, metadata: { name, ...(kept ? { annotations: { 'berth.dev/keep': 'true' } } : {}) }, ...rest };
}

describeWithControlPlane('pruning', (at) => {
  let cluster: Cluster;
  beforeAll(() => void (cluster = at().plane.connect()));
  afterAll(() => cluster?.connection.close());

  const uidOf = async (found: Member, namespace: string) => (await cluster.get(locationOf(found, namespace)))?.metadata.uid;

  async function meet(found: Member, fate: (typeof fates)[number], namespace: string): Promise<void> {
    const location = locationOf(found, namespace);
    const label = (value: string | null) =>
      cluster.connection.call({
        method: 'PATCH',
        path: `/${kinds[found.kind].apiVersion === 'v1' ? 'api/v1' : `apis/${kinds[found.kind].apiVersion}`}/namespaces/${namespace}/${kinds[found.kind].plural}/${found.name}`,
        body: { metadata: { labels: { [stackLabel]: value } } },
        contentType: 'application/merge-patch+json',
      });
    if (fate === 'unlabelled') await label(null);
    if (fate === 'taken') await label('other.stack');
    if (fate === 'replaced' || fate === 'deleted') {
      const live = await cluster.get(location);
      await cluster.patch(location, [{ op: 'add', path: '/metadata/finalizers', value: [] }]);
      await cluster.delete(location, live!.metadata.uid!);
      while (await cluster.get(location)) await new Promise((resolve) => setTimeout(resolve, 20));
      if (fate === 'replaced') await cluster.create(location, { ...objectOf({ ...found, kept: false }), metadata: { name: found.name } });
    }
  }

  it(
    `of ${pairs} random pairs of sets deletes no data, nothing that is kept, and nothing of anybody else's`,
    async () => {
      let [pruned, spared] = [0, 0];
      await fc.assert(
        fc.asyncProperty(set, set, fc.array(fc.constantFrom(...fates), { minLength: 8, maxLength: 8 }), async (first, second, met) => {
          const stack = { name: 'shop', namespace: await at().namespace() };
          const { namespace } = stack;
          const stranger: Member = { kind: 'ConfigMap', name: 'stranger', kept: false };
          await cluster.create(locationOf(stranger, namespace), objectOf(stranger));
          await applyObjects(cluster, stack, first.map(objectOf));
          const wanted = new Set(second.map(({ kind, name }) => `${kind}/${name}`));
          // what the second set has too stays the stack's, so that the second apply isn't refused
          const fateOf = (found: Member, i: number) => (wanted.has(`${found.kind}/${found.name}`) ? 'nothing' : met[i]!);
          for (const [i, found] of first.entries()) await meet(found, fateOf(found, i), namespace);
          const before = new Map(await Promise.all([...first, stranger].map(async (found) => [found, await uidOf(found, namespace)] as const)));
          await applyObjects(cluster, stack, second.map(objectOf), { replaceAll: true });
          for (const [i, found] of first.entries()) {
            const fate = fateOf(found, i);
            const mayGo = !wanted.has(`${found.kind}/${found.name}`) && fate === 'nothing' && !found.kept && !kinds[found.kind].isData;
            const now = await uidOf(found, namespace);
            expect({ found, fate, now }).toEqual({ found, fate, now: mayGo ? undefined : before.get(found) });
            if (mayGo) pruned++;
            else spared++;
          }
          await destroyStack(cluster, stack);
          for (const found of second) {
            const stays = found.kept || kinds[found.kind].isData;
            expect({ found, there: (await uidOf(found, namespace)) !== undefined }).toEqual({ found, there: stays });
          }
          expect(await uidOf(stranger, namespace)).toBe(before.get(stranger));
        }),
        { numRuns: pairs, ...(process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) }) },
      );
      console.log(`measured · pruning · pairs ${pairs}, objects pruned ${pruned}, spared ${spared}`);
      expect(pruned).toBeGreaterThan(pairs / 5);
    },
    pairs * 20_000,
  );

  it('of a set that has nothing in common with the stack is refused, and of an empty one', async () => {
    const stack = { name: 'shop', namespace: await at().namespace() };
    await applyObjects(cluster, stack, [objectOf({ kind: 'ConfigMap', name: 'one', kept: false })]);
    await expect(applyObjects(cluster, stack, [objectOf({ kind: 'ConfigMap', name: 'two', kept: false })])).rejects.toThrow(
      /none of the 1 objects .* --replace-all/,
    );
    expect(await cluster.get(locationOf({ kind: 'ConfigMap', name: 'two' }, stack.namespace))).toBeUndefined();
  });

  it('leaves a namespace in which there is more, and takes one along in which there is not', async () => {
    const namespace = `own-${process.pid}`;
    const stack = { name: 'shop', namespace };
    const objects = [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, objectOf({ kind: 'Secret', name: 'one', kept: false })];
    const resource = { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false };
    await applyObjects(cluster, stack, objects);
    const stranger = locationOf({ kind: 'Secret', name: 'stranger' }, namespace);
    await cluster.create(stranger, objectOf({ kind: 'Secret', name: 'stranger', kept: false }));
    const kept = await destroyStack(cluster, stack, true);
    expect(kept).toMatchObject([{ reference: { kind: 'Namespace' }, reason: expect.stringContaining(`Secret/${namespace}/stranger`) as string }]);
    expect(await cluster.get(stranger)).toBeDefined();
    await cluster.delete(stranger, (await cluster.get(stranger))!.metadata.uid!);
    expect(await destroyStack(cluster, stack, true)).toEqual([]);
    expect(await cluster.get({ resource, name: namespace })).toBeUndefined();
    expect(stackId(stack)).toBe(`${namespace}.shop`);
  }, 60_000);

  it('keeps the claims that a StatefulSet has made, and takes them along when that was said', async () => {
    const { stack, namespace, objects, claimNames } = withClaims('claims');
    await applyObjects(cluster, stack, objects);
    const kept = await destroyStack(cluster, stack);
    expect(kept.map(({ reference }) => `${reference.kind}/${reference.name}`).sort()).toEqual([
      `Namespace/${namespace}`,
      'PersistentVolumeClaim/data-store-0',
      'PersistentVolumeClaim/data-store-1',
    ]);
    expect(await claimNames()).toEqual(['data-store-0', 'data-store-1']);
    // the set is gone that told of them
    expect(await destroyStack(cluster, stack, true)).toEqual([]);
    expect(await cluster.get({ resource: namespaces, name: namespace })).toBeUndefined();
  }, 60_000);

  it('knows them too when an apply has pruned the StatefulSet', async () => {
    const { stack, namespace, objects, claimNames } = withClaims('pruned-claims');
    await applyObjects(cluster, stack, objects);
    const { plan } = await applyObjects(cluster, stack, objects.slice(0, 2));
    expect(plan.leftovers.map(({ reference, fate }) => `${fate} ${reference.kind}`)).toEqual(['prune StatefulSet']);
    expect(await claimNames()).toEqual(['data-store-0', 'data-store-1']);
    const again = await applyObjects(cluster, stack, objects.slice(0, 2));
    expect({ changed: again.changed, fates: again.plan.leftovers.map(({ reference, fate }) => `${fate} ${reference.name}`).sort() }).toEqual({
      changed: false,
      fates: ['keep data-store-0', 'keep data-store-1'],
    });
    expect(await destroyStack(cluster, stack, true)).toEqual([]);
    expect(await cluster.get({ resource: namespaces, name: namespace })).toBeUndefined();
  }, 60_000);

  it('removes custom objects while all is there that may serve them, in a prune and with the stack', async () => {
    const namespace = `operator-${process.pid}`;
    const stack = { name: 'shop', namespace };
    const stays = [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'stays', namespace } },
    ];
    const operator = operatorIn(namespace);
    try {
      await applyObjects(cluster, stack, [...stays, ...operator.objects]);
      await applyObjects(cluster, stack, stays, { pruneData: ['CustomResourceDefinition/queues.example.dev'] });
      expect(await cluster.get(operator.definition)).toBeUndefined();
      await applyObjects(cluster, stack, [...stays, ...operator.objects]);
      expect(await destroyStack(cluster, stack, true)).toEqual([]);
    } finally {
      await operator.stop();
    }
  }, 90_000);

  /** An operator, an object of its kind, and a stand-in for its pod: it clears the object's finalizer while nothing of it is being deleted. */
  function operatorIn(namespace: string) {
    const [metadata, labels] = [{ name: 'operator', namespace }, { app: 'operator' }];
    const rbac = 'rbac.authorization.k8s.io/v1';
    const template = { metadata: { labels }, spec: { serviceAccountName: 'operator', containers: [{ name: 'operator', image: 'operator:1' }] } };
    const served: readonly (readonly [plural: string, object: KubernetesObject])[] = [
      ['customresourcedefinitions', definition('Queue')],
      ['deployments', { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { selector: { matchLabels: labels }, template } }],
      ['services', { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports: [{ port: 443 }] } }],
      ['serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata }],
      ['configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata }],
      ['roles', { apiVersion: rbac, kind: 'Role', metadata, rules: [] }],
      ['rolebindings', { apiVersion: rbac, kind: 'RoleBinding', metadata, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'operator' } }],
      [
        'validatingwebhookconfigurations',
        { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', metadata: { name: namespace }, webhooks: [] },
      ],
    ];
    const locations = served.map(
      ([
        plural,
        {
          apiVersion,
          kind,
          metadata: { name, namespace: place },
        },
      ]) => ({
        resource: { apiVersion, kind, plural, namespaced: place !== undefined },
        namespace: place,
        name,
      }),
    );
    const queue = { resource: kindOf('Queue'), namespace, name: 'one' };
    const isWhole = async () =>
      (await Promise.all(locations.map((location) => cluster.get(location)))).every(
        (live) => live !== undefined && live.metadata.deletionTimestamp === undefined,
      );
    const look = async () => {
      const live = await cluster.get(queue);
      if (live?.metadata.deletionTimestamp === undefined) return;
      // whoever deletes the others too soon has time to
      await sleep(300);
      if (await isWhole()) await cluster.patch(queue, [{ op: 'remove', path: '/metadata/finalizers' }]);
    };
    let stopped = false;
    const loop = (async () => {
      for (; !stopped; await sleep(50)) await look().catch(() => undefined);
    })();
    const one = { apiVersion: 'example.dev/v1', kind: 'Queue', metadata: { name: 'one', namespace, finalizers: ['example.dev/operator'] } };
    return {
      objects: [...served.map(([, object]) => object), one],
      definition: locations[0]!,
      stop: async () => {
        stopped = true;
        await loop;
      },
    };
  }

  it('leaves a claim that has but the name of those of a StatefulSet', async () => {
    const { stack, namespace, objects, claimNames } = withClaims('foreign-claims');
    await applyObjects(cluster, stack, objects);
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    const foreign = locationOf({ kind: 'PersistentVolumeClaim', name: 'data-store-7' }, namespace);
    const metadata = { name: foreign.name, namespace, labels: { app: 'of-somebody-else' } };
    await cluster.create(foreign, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec });
    await destroyStack(cluster, stack);
    expect((await cluster.get(foreign))!.metadata.labels).toEqual(metadata.labels);
    expect(await destroyStack(cluster, stack, true)).toMatchObject([
      { reference: { kind: 'Namespace' }, reason: expect.stringContaining(`PersistentVolumeClaim/${namespace}/data-store-7`) as string },
    ]);
    expect(await claimNames()).toEqual(['data-store-7']);
  }, 60_000);

  it('knows claims by the labels of their template where a selector has expressions alone, and without any leaves them', async () => {
    for (const [name, labels, stay] of [
      ['expressions', { of: 'store' }, []],
      ['no-labels', undefined, ['data-store-0', 'data-store-1']],
    ] as const) {
      const selector = { matchExpressions: [{ key: 'app', operator: 'In', values: ['store'] }] };
      const { stack, objects, claimNames } = withClaims(name, { selector, labels });
      await applyObjects(cluster, stack, objects);
      await destroyStack(cluster, stack, true);
      expect(await claimNames()).toEqual(stay);
    }
  }, 60_000);

  /** A namespace with a StatefulSet of two pods that have a claim each. */
  function withClaims(
    name: string,
    { selector = { matchLabels: { app: 'store' } }, labels: onClaims }: { selector?: object; labels?: object | undefined } = {},
  ) {
    const namespace = `${name}-${process.pid}`;
    const labels = { app: 'store' };
    const spec = {
      ...{ replicas: 2, serviceName: 'store', selector },
      template: { metadata: { labels }, spec: { containers: [{ name: 'store', image: 'store:1', volumeMounts: [{ name: 'data', mountPath: '/data' }] }] } },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data', ...(onClaims && { labels: onClaims }) },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    };
    const set = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'store', namespace }, spec };
    const claims = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims', namespaced: true };
    return {
      stack: { name: 'shop', namespace },
      namespace,
      objects: [
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'stays', namespace } },
        set,
      ],
      claimNames: async () => (await cluster.list(claims, namespace)).map(({ metadata }) => metadata.name).sort(),
    };
  }
});

const namespaces = { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false };

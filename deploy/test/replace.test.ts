import type { Cluster } from '../src/cluster/cluster';
import { Refused } from '../src/exit-codes';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';
import { prepare } from '../src/manifests/prepare';
import type { Plan } from '../src/plan/plan';
import { applyObjects, silent } from '../testing/in-process';
import { describeWithControlPlane } from '../testing/use-control-plane';

const object = (apiVersion: string, kind: string, content: object): KubernetesObject => ({ apiVersion, kind, metadata: { name: 'fixed' }, ...content });

const binding = (kind: string, role: string) =>
  object('rbac.authorization.k8s.io/v1', kind, { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role } });
const service = (clusterIP: string) => object('v1', 'Service', { spec: { clusterIP, ports: [{ port: 80 }] } });
const pod = (value: string) =>
  object('v1', 'Pod', { spec: { automountServiceAccountToken: false, containers: [{ name: 'web', image: 'web:1', env: [{ name: 'A', value }] }] } });
const storageClass = (content: object) => object('storage.k8s.io/v1', 'StorageClass', { provisioner: 'example.com/one', ...content });
const deployment = (labels: Record<string, string>) =>
  object('apps/v1', 'Deployment', {
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1' }] } } },
  });
const custom = (mode: string) => object('example.com/v1', 'Fixed', { spec: { mode } });

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'fixeds.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'fixeds', kind: 'Fixed' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: { mode: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'mode is immutable' }] } },
              },
            },
          },
        },
      },
    ],
  },
};

/** What was deployed, what a manifest says then, and the field that the server doesn't let change. */
const changes: readonly (readonly [name: string, KubernetesObject, KubernetesObject, string])[] = [
  ['a RoleBinding’s role', binding('RoleBinding', 'view'), binding('RoleBinding', 'edit'), 'roleRef'],
  ['a ClusterRoleBinding’s role', binding('ClusterRoleBinding', 'view'), binding('ClusterRoleBinding', 'edit'), 'roleRef'],
  ['a Service’s clusterIP', service('10.0.0.50'), service('10.0.0.51'), 'spec.clusterIPs[0]'],
  ['a Service’s clusterIP that becomes none', service('10.0.0.52'), service('None'), 'spec.clusterIPs[0]'],
  ['a bare Pod’s variables', pod('1'), pod('2'), 'spec'],
  ['a StorageClass’s parameters', storageClass({ parameters: { type: 'slow' } }), storageClass({ parameters: { type: 'fast' } }), 'parameters'],
  ['a StorageClass’s provisioner', storageClass({}), storageClass({ provisioner: 'example.com/two' }), 'provisioner'],
  ['a StorageClass’s reclaim policy', storageClass({}), storageClass({ reclaimPolicy: 'Retain' }), 'reclaimPolicy'],
  ['a Deployment’s selector', deployment({ app: 'web' }), deployment({ app: 'web', tier: 'one' }), 'spec.selector'],
  [
    'a PriorityClass’s value',
    object('scheduling.k8s.io/v1', 'PriorityClass', { value: 1 }),
    object('scheduling.k8s.io/v1', 'PriorityClass', { value: 2 }),
    'value',
  ],
  [
    'an IngressClass’s controller',
    object('networking.k8s.io/v1', 'IngressClass', { spec: { controller: 'example.com/one' } }),
    object('networking.k8s.io/v1', 'IngressClass', { spec: { controller: 'example.com/two' } }),
    'spec.controller',
  ],
  ['what a custom kind says is immutable', custom('one'), custom('two'), 'spec.mode'],
];

describeWithControlPlane('a field that can’t be changed', (at) => {
  let cluster: Cluster;
  beforeAll(() => void (cluster = at().plane.connect()));
  afterAll(() => cluster?.connection.close());

  const marked = (from: KubernetesObject): KubernetesObject => ({ ...from, metadata: { ...from.metadata, annotations: { 'berth.dev/replace': 'true' } } });

  it.each(changes)(
    'is told, and its object made anew with the annotation: %s',
    async (_, first, second, field) => {
      const stack = { name: 'shop', namespace: await at().namespace() };
      const definitions = first.kind === 'Fixed' ? [definition] : [];
      await applyObjects(cluster, stack, [...definitions, first]);
      const [prepared] = await prepare([{ object: first, place: 'fixed.yaml' }], stack, cluster.discovery, undefined);
      const uid = async () => (await cluster.get(prepared!.location))!.metadata.uid;
      const before = await uid();
      const refused = applyObjects(cluster, stack, [...definitions, second]);
      await expect(refused).rejects.toThrow(Refused);
      await expect(refused).rejects.toThrow(
        `has fields that can't be changed (${field}): let it be deleted and made anew with the annotation berth.dev/replace: "true"`,
      );
      expect(await uid()).toBe(before);
      const plans: Plan[] = [];
      await applyObjects(cluster, stack, [...definitions, marked(second)], { progress: { ...silent, plan: (plan) => plans.push(plan) } });
      expect(plans[0]!.objects.at(-1)!.action).toBe('replace');
      expect(await uid()).not.toBe(before);
      expect((await applyObjects(cluster, stack, [...definitions, marked(second)])).changed).toBe(false);
      await applyObjects(cluster, stack, [], { replaceAll: true, pruneData: ['CustomResourceDefinition/fixeds.example.com'] });
    },
    60_000,
  );
});

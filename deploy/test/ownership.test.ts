import { eventually } from '../../services/service-kit/testing/load-client';
import type { Cluster } from '../src/cluster/cluster';
import type { Resource } from '../src/cluster/discovery';
import { NotHealthy, Refused, UsageError } from '../src/exit-codes';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';
import { changesBetween } from '../src/plan/field-changes';
import type { Plan } from '../src/plan/plan';
import { readInventory } from '../src/stack/inventory';
import { auditSince, type AuditEvent } from '../testing/audit';
import { statesSince } from '../testing/history';
import { applyObjects, destroyStack, silent } from '../testing/in-process';
import { describeWithControlPlane } from '../testing/use-control-plane';

const deployments: Resource = { apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments', namespaced: true };
const configMaps: Resource = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const namespaces: Resource = { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false };
const claims: Resource = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims', namespaced: true };

const claim: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
};

function deployment(spec: { replicas?: number; image?: string; env?: readonly object[] }): KubernetesObject {
  const { replicas, image = 'web:1', env = [] } = spec;
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image, env }] } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { ...(replicas === undefined ? {} : { replicas }), selector: { matchLabels: labels }, template },
  };
}

const autoscaler: KubernetesObject = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web' },
  spec: {
    minReplicas: 2,
    maxReplicas: 5,
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } }],
  },
};

const configMap = (data: Record<string, string>, name = 'configuration'): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});

function isSeen({ status, metadata: { generation } }: KubernetesObject): boolean {
  return (status as { observedGeneration?: number } | undefined)?.observedGeneration === generation;
}

describeWithControlPlane('who owns what', (at) => {
  let cluster: Cluster;
  beforeAll(() => void (cluster = at().plane.connect()));
  afterAll(() => cluster?.connection.close());

  const stackIn = async () => ({ name: 'shop', namespace: await at().namespace() });
  const web = (namespace: string) => cluster.get({ resource: deployments, namespace, name: 'web' });
  const replicas = async (namespace: string) => ((await web(namespace))!.spec as { replicas: number }).replicas;

  /** As `kubectl apply` makes an object: with its copy of the manifest, under its own manager. */
  async function kubectlApplies(object: KubernetesObject, resource: Resource, namespace: string): Promise<void> {
    const copy = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(object) };
    const path = `/${resource.apiVersion === 'v1' ? 'api/v1' : `apis/${resource.apiVersion}`}/namespaces/${namespace}/${resource.plural}`;
    await cluster.connection.call({
      method: 'POST',
      path,
      query: { fieldManager: 'kubectl-client-side-apply' },
      body: { ...object, metadata: { ...object.metadata, annotations: copy } },
    });
    if (resource === deployments) await untilSeen(namespace);
  }

  /** The controller annotates a Deployment: a change of its own that may come at any moment until then. */
  const untilSeen = (namespace: string) => eventually('its controller has seen it', 10_000, async () => isSeen((await web(namespace))!));

  async function plannedBy(stack: { name: string; namespace: string }, objects: readonly KubernetesObject[], more = {}): Promise<Plan> {
    const plans: Plan[] = [];
    await applyObjects(cluster, stack, objects, { progress: { ...silent, plan: (plan) => plans.push(plan) }, ...more });
    return plans[0]!;
  }

  it('a deployment begun with kubectl apply is taken over without a conflict, and what the manifest no longer says goes', async () => {
    const stack = await stackIn();
    const { namespace } = stack;
    await kubectlApplies(
      deployment({
        replicas: 1,
        env: [
          { name: 'OLD', value: '1' },
          { name: 'KEPT', value: '1' },
        ],
      }),
      deployments,
      namespace,
    );
    await kubectlApplies(configMap({ old: '1', kept: '1' }), configMaps, namespace);
    const plan = await plannedBy(stack, [deployment({ replicas: 1, image: 'web:2', env: [{ name: 'KEPT', value: '2' }] }), configMap({ kept: '1' })]);
    const changes = Object.fromEntries(
      plan.objects.map(({ reference, changes: fields, notes }) => [reference.kind, { paths: fields.map(({ path }) => path).sort(), notes }]),
    );
    expect(changes).toEqual({
      Deployment: {
        paths: [
          'metadata.labels',
          'spec.template.spec.containers[web].env[KEPT].value',
          'spec.template.spec.containers[web].env[OLD]',
          'spec.template.spec.containers[web].image',
        ],
        notes: ['taken over from kubectl'],
      },
      ConfigMap: { paths: ['data.old', 'metadata.labels'], notes: ['taken over from kubectl'] },
    });
    const live = (await web(namespace))!;
    expect((live.spec as { template: { spec: { containers: unknown[] } } }).template.spec.containers).toMatchObject([
      { image: 'web:2', env: [{ name: 'KEPT', value: '2' }] },
    ]);
    expect(live.metadata.annotations).not.toHaveProperty(['kubectl.kubernetes.io/last-applied-configuration']);
    expect(live.metadata.managedFields!.map(({ manager }) => manager)).not.toContain('kubectl-client-side-apply');
    expect((await cluster.get({ resource: configMaps, namespace, name: 'configuration' })) as unknown as { data: object }).toMatchObject({
      data: { kept: '1' },
    });
    // the second change is where a takeover that was none would conflict
    await applyObjects(cluster, stack, [deployment({ replicas: 1, image: 'web:3' }), configMap({ kept: '2' })]);
    expect(((await cluster.get({ resource: configMaps, namespace, name: 'configuration' })) as unknown as { data: object }).data).toEqual({ kept: '2' });
  });

  it('what kubectl create made is taken over in one apply: the next writes nothing', async () => {
    const stack = { name: 'shop', namespace: 'made-by-kubectl' };
    const kubectlCreates = (path: string, body: object) => cluster.connection.call({ method: 'POST', path, query: { fieldManager: 'kubectl-create' }, body });
    const namespace: KubernetesObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: stack.namespace } };
    const objects = [namespace, configMap({ a: '1' }), deployment({ replicas: 1, image: 'web:2' })];
    const within = `namespaces/${stack.namespace}`;
    await kubectlCreates('/api/v1/namespaces', namespace);
    await kubectlCreates(`/api/v1/${within}/configmaps`, configMap({ a: '1' }));
    await kubectlCreates(`/apis/apps/v1/${within}/deployments`, deployment({ replicas: 1, image: 'web:1' }));
    const first = await plannedBy(stack, objects);
    expect(first.objects.map(({ notes }) => notes)).toEqual(objects.map(() => ['taken over from kubectl']));
    const since = await auditSince(at().plane.auditLog);
    const second = await plannedBy(stack, objects);
    expect(second.objects.map(({ action }) => action)).toEqual(objects.map(() => 'unchanged'));
    const isWrite = ({ verb, uri, dryRun }: AuditEvent) => !dryRun && /^(create|update|patch|delete)$/.test(verb) && uri.includes('/berth-shop');
    expect((await since()).filter(isWrite)).toEqual([]);
    for (const { managedFields } of [(await web(stack.namespace))!.metadata, (await cluster.get({ resource: namespaces, name: stack.namespace }))!.metadata])
      expect(managedFields!.map(({ manager }) => manager)).not.toContain('before-first-apply');
  });

  it('a field that a person changed is told by its manager, and taken back by --force-conflicts alone', async () => {
    const stack = await stackIn();
    await applyObjects(cluster, stack, [deployment({ replicas: 1, image: 'web:1' })]);
    const path = `/apis/apps/v1/namespaces/${stack.namespace}/deployments/web`;
    const edit = { spec: { template: { spec: { containers: [{ name: 'web', image: 'web:9' }] } } } };
    await cluster.connection.call({
      method: 'PATCH',
      path,
      query: { fieldManager: 'kubectl-edit' },
      body: edit,
      contentType: 'application/strategic-merge-patch+json',
    });
    const again = applyObjects(cluster, stack, [deployment({ replicas: 1, image: 'web:2' })]);
    await expect(again).rejects.toThrow(Refused);
    await expect(again).rejects.toThrow(
      /Deployment\/test-\d+\/web is also managed by others: spec.template.spec.containers\[name="web"\].image was set by kubectl-edit/,
    );
    expect(JSON.stringify((await web(stack.namespace))!.spec)).toContain('web:9');
    await applyObjects(cluster, stack, [deployment({ replicas: 1, image: 'web:2' })], { forceConflicts: true });
    expect(JSON.stringify((await web(stack.namespace))!.spec)).toContain('web:2');
  });

  it('what a person changed of what kubectl apply deployed is told by its manager, and taken back by --force-conflicts alone', async () => {
    const stack = await stackIn();
    const { namespace } = stack;
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/web`;
    const merge = (where: string, fieldManager: string, body: object) =>
      cluster.connection.call({ method: 'PATCH', path: where, query: { fieldManager }, body, contentType: 'application/strategic-merge-patch+json' });
    await kubectlApplies(deployment({ replicas: 1, image: 'web:1' }), deployments, namespace);
    await merge(`${path}/scale`, 'kubectl', { spec: { replicas: 3 } });
    await merge(path, 'kubectl-set', { spec: { template: { spec: { containers: [{ name: 'web', image: 'web:9' }] } } } });
    const wanted = deployment({ replicas: 1, image: 'web:1' });
    const refused = applyObjects(cluster, stack, [wanted]);
    await expect(refused).rejects.toThrow(Refused);
    await expect(refused).rejects.toThrow(/spec\.replicas was set by kubectl \(scale\)/);
    await expect(refused).rejects.toThrow(/containers\[name="web"\]\.image was set by kubectl-set[:;] .*--force-conflicts/);
    expect(await replicas(namespace)).toBe(3);
    const plan = await plannedBy(stack, [wanted], { forceConflicts: true });
    expect(plan.objects[0]!.notes).toEqual([
      'taken over from kubectl',
      expect.stringMatching(/^takes spec\.(replicas over from kubectl \(scale\)|template.* over from kubectl-set)$/),
      expect.stringMatching(/^takes spec\.(replicas over from kubectl \(scale\)|template.* over from kubectl-set)$/),
    ]);
    expect(await replicas(namespace)).toBe(1);
    expect((await plannedBy(stack, [wanted])).objects[0]!.action).toBe('unchanged');
  });

  it('what a takeover removes is announced as it will be: defaults come back, and a container goes whole', async () => {
    const stack = await stackIn();
    const { namespace } = stack;
    const both = deployment({ replicas: 3 });
    const { template } = both.spec as { template: { spec: { containers: object[] } } };
    template.spec.containers.push({ name: 'side', image: 'side:1', command: ['run'] });
    await kubectlApplies(both, deployments, namespace);
    await cluster.connection.call({
      method: 'PATCH',
      path: `/apis/apps/v1/namespaces/${namespace}/deployments/web`,
      query: { fieldManager: 'kubectl-set' },
      body: { spec: { template: { spec: { containers: [{ name: 'side', env: [{ name: 'A', value: '1' }] }] } } } },
      contentType: 'application/strategic-merge-patch+json',
    });
    await untilSeen(namespace);
    const before = (await web(namespace))!;
    const plan = await plannedBy(stack, [deployment({})]);
    const after = (await web(namespace))!;
    expect(plan.objects[0]!.changes).toEqual(
      changesBetween(before, after).filter((change) => !JSON.stringify(change).includes('deployment.kubernetes.io/revision')),
    );
    expect(plan.objects[0]!.changes.map(({ path, to }) => [path, to])).toEqual(
      expect.arrayContaining([
        ['spec.replicas', 1],
        ['spec.template.spec.containers[side]', undefined],
      ]),
    );
  });

  it.each([
    ['Berth', false],
    ['kubectl', true],
  ])('from a fixed number, set by %s, to an autoscaler and back no replica is dropped', async (_who, byKubectl) => {
    const stack = await stackIn();
    const { namespace } = stack;
    const fixed = [deployment({ replicas: 3 })];
    if (byKubectl) await kubectlApplies(fixed[0]!, deployments, namespace);
    else await applyObjects(cluster, stack, fixed);
    const { resourceVersion } = (await web(namespace))!.metadata;
    const plan = await plannedBy(stack, [deployment({}), autoscaler]);
    expect(plan.objects.find(({ reference }) => reference.kind === 'Deployment')?.notes).toContain('spec.replicas stays 3 and is left to the autoscaler');
    expect(await replicas(namespace)).toBe(3);
    const states = await statesSince(at().plane, `/apis/apps/v1/namespaces/${namespace}/deployments`, resourceVersion!);
    expect(states.length).toBeGreaterThan(0);
    for (const { spec } of states) expect(spec).toMatchObject({ replicas: 3 });
    expect((await plannedBy(stack, [deployment({}), autoscaler])).objects.every(({ action }) => action === 'unchanged')).toBe(true);
    await applyObjects(cluster, stack, [deployment({ replicas: 4 })]);
    expect(await replicas(namespace)).toBe(4);
  });

  it('an object of another stack is refused, and nothing is written', async () => {
    const stack = await stackIn();
    await applyObjects(cluster, stack, [configMap({ a: '1' })]);
    const other = { ...stack, name: 'other' };
    await expect(applyObjects(cluster, other, [configMap({ a: '2' }), configMap({}, 'more')])).rejects.toThrow(
      /belongs to the stack test-\d+\.shop: one object has one stack/,
    );
    expect(await cluster.get({ resource: configMaps, namespace: stack.namespace, name: 'more' })).toBeUndefined();
    expect(await cluster.get({ resource: configMaps, namespace: stack.namespace, name: 'berth-other' })).toBeUndefined();
  });

  it('a claim whose manifest moved to another stack goes over by the command that its refusal names', async () => {
    const namespace = await at().namespace();
    const [from, to] = [
      { name: 'from', namespace },
      { name: 'to', namespace },
    ];
    const stays = configMap({ word: 'one' });
    const location = { resource: claims, namespace, name: 'data' };
    await applyObjects(cluster, from, [stays, claim]);
    await applyObjects(cluster, from, [stays]);
    await expect(applyObjects(cluster, to, [claim])).rejects.toThrow(
      `where that stack is not to have it any more, take it from that with kubectl label persistentvolumeclaim data -n ${namespace} berth.dev/stack-`,
    );
    await cluster.patch(location, [{ op: 'remove', path: '/metadata/labels/berth.dev~1stack' }]);
    await applyObjects(cluster, to, [claim]);
    const { plan } = await applyObjects(cluster, from, [stays], { pruneData: [`PersistentVolumeClaim/${namespace}/data`] });
    expect(plan.leftovers).toMatchObject([{ fate: 'lost', reason: `the stack ${namespace}.to has it now` }]);
    expect((await readInventory(cluster, from))?.entries.map(({ kind }) => kind)).toEqual(['ConfigMap']);
    expect(await destroyStack(cluster, from, true)).toEqual([]);
    expect((await cluster.get(location))!.metadata).toMatchObject({ labels: { 'berth.dev/stack': `${namespace}.to` } });
    expect((await cluster.get(location))!.metadata.deletionTimestamp).toBeUndefined();
  });

  it('a claim that a destroyed stack left goes over likewise, and its account goes with the next destroy', async () => {
    const namespace = await at().namespace();
    const from = { name: 'from', namespace };
    const location = { resource: claims, namespace, name: 'data' };
    await applyObjects(cluster, from, [claim]);
    expect(await destroyStack(cluster, from)).toHaveLength(1);
    await cluster.patch(location, [{ op: 'remove', path: '/metadata/labels/berth.dev~1stack' }]);
    await applyObjects(cluster, { name: 'to', namespace }, [claim]);
    expect(await destroyStack(cluster, from, true)).toEqual([]);
    expect(await readInventory(cluster, from)).toBeUndefined();
    expect((await cluster.get(location))!.metadata.deletionTimestamp).toBeUndefined();
  });

  it('a Job whose template changed is made anew, a Deployment whose selector changed is refused', async () => {
    const stack = await stackIn();
    const job = (image: string): KubernetesObject => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'migrate' },
      spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'migrate', image }] } } },
    });
    await applyObjects(cluster, stack, [job('migrate:1'), deployment({})]);
    const jobs = { apiVersion: 'batch/v1', kind: 'Job', plural: 'jobs', namespaced: true };
    const uid = async () => (await cluster.get({ resource: jobs, namespace: stack.namespace, name: 'migrate' }))!.metadata.uid;
    const first = await uid();
    const plan = await plannedBy(stack, [job('migrate:2'), deployment({})]);
    expect(plan.objects.map(({ action }) => action)).toEqual(['replace', 'unchanged']);
    expect(plan.objects[0]!.changes.map(({ path }) => path)).toContain('spec.template.spec.containers[migrate].image');
    expect(await uid()).not.toBe(first);

    const other = deployment({});
    const moved = {
      ...other,
      spec: {
        ...(other.spec as object),
        selector: { matchLabels: { app: 'web', tier: 'one' } },
        template: { metadata: { labels: { app: 'web', tier: 'one' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } },
      },
    };
    await expect(applyObjects(cluster, stack, [job('migrate:2'), moved])).rejects.toThrow(
      /has fields that can't be changed \(spec.selector\): .*berth.dev\/replace/,
    );
  });

  it('what the server refuses is told with the object and the field, before anything is written', async () => {
    const stack = await stackIn();
    const wrong = { ...deployment({}), spec: { ...(deployment({}).spec as object), replica: 2 } };
    const refused = applyObjects(cluster, stack, [configMap({ a: '1' }), wrong]);
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(/object 2: Deployment\/test-\d+\/web is refused by the cluster: .*spec\.replica: field not declared/);
    expect(await cluster.get({ resource: configMaps, namespace: stack.namespace, name: 'configuration' })).toBeUndefined();
  });

  it('what keeps an object from going is told', async () => {
    const stack = await stackIn();
    const held = configMap({}, 'held');
    await applyObjects(cluster, stack, [configMap({}), { ...held, metadata: { ...held.metadata, finalizers: ['example.com/hold'] } }]);
    const pruned = applyObjects(cluster, stack, [configMap({})], { timeoutMs: 1_500 });
    await expect(pruned).rejects.toThrow(NotHealthy);
    await expect(pruned).rejects.toThrow(
      /ConfigMap\/test-\d+\/held is to be pruned and is being deleted since .*, waiting on its finalizers: example.com\/hold/,
    );
    await cluster.patch({ resource: configMaps, namespace: stack.namespace, name: 'held' }, [{ op: 'remove', path: '/metadata/finalizers' }]);
    expect((await applyObjects(cluster, stack, [configMap({})])).revision).toBe(2);
  });
});

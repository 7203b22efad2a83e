import type { Cluster } from '../src/cluster/cluster';
import { Refused, UsageError } from '../src/exit-codes';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';
import type { Plan } from '../src/plan/plan';
import { applyObjects, silent } from '../testing/in-process';
import { describeWithControlPlane } from '../testing/use-control-plane';

/** A definition whose second version has a field more, and takes more. */
const definition = (name: string, versions: readonly string[]): KubernetesObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${name.toLowerCase()}s.example.com` },
  spec: {
    group: 'example.com',
    names: { kind: name, plural: `${name.toLowerCase()}s` },
    scope: 'Namespaced',
    versions: versions.map((version, i) => {
      const fields = { length: { type: 'integer', ...(version === 'v1' ? {} : { maximum: 9 }) }, ...(version === 'v1' ? { color: { type: 'string' } } : {}) };
      const openAPIV3Schema = { type: 'object', properties: { spec: { type: 'object', properties: fields } } };
      return { name: version, served: true, storage: i === 0, schema: { openAPIV3Schema } };
    }),
  },
});

const object = (kind: string, version: string, name: string, spec: object): KubernetesObject => ({
  apiVersion: `example.com/${version}`,
  kind,
  metadata: { name },
  spec,
});

describeWithControlPlane('a kind that gets another version in the same deployment', (at) => {
  let cluster: Cluster;
  beforeAll(() => void (cluster = at().plane.connect()));
  afterAll(() => cluster?.connection.close());

  const planned = async (stack: { name: string; namespace: string }, objects: readonly KubernetesObject[], more = {}) => {
    const plans: Plan[] = [];
    await applyObjects(cluster, stack, objects, { progress: { ...silent, plan: (plan) => plans.push(plan) }, ...more });
    return plans[0]!.objects.map(({ action, changes, notes }) => ({ action, paths: changes.map(({ path }) => path), notes }));
  };
  const locationOf = (kind: string, namespace: string, name: string) => ({
    resource: { apiVersion: 'example.com/v1alpha1', kind, plural: `${kind.toLowerCase()}s`, namespaced: true },
    namespace,
    name,
  });
  const edit = (kind: string, namespace: string, name: string, length: number) =>
    cluster.apply(
      locationOf(kind, namespace, name),
      { apiVersion: 'example.com/v1alpha1', kind, metadata: { name }, spec: { length } },
      { manager: 'a-person', force: true },
    );

  const lengthOf = async (kind: string, namespace: string, name: string) =>
    ((await cluster.get(locationOf(kind, namespace, name)))!.spec as { length: number }).length;

  it('changes the objects that are there: what others made of them is told before anything is written', async () => {
    const stack = { name: 'shop', namespace: await at().namespace() };
    const { namespace } = stack;
    const lengths = () => Promise.all(['one', 'two'].map((name) => lengthOf('Boat', namespace, name)));
    const boats = (version: string, length: number) => ['one', 'two'].map((name) => object('Boat', version, name, { length }));
    await applyObjects(cluster, stack, [definition('Boat', ['v1alpha1']), ...boats('v1alpha1', 1)]);
    await edit('Boat', namespace, 'two', 7);
    const next = [definition('Boat', ['v1alpha1', 'v1']), ...boats('v1', 2)];
    const refused = applyObjects(cluster, stack, next);
    await expect(refused).rejects.toThrow(Refused);
    await expect(refused).rejects.toThrow(/^object 3: Boat\/test-\d+\/two is also managed by others: spec.length was set by a-person/);
    expect(await lengths()).toEqual([1, 7]);
    const other = applyObjects(cluster, { ...stack, name: 'other' }, [definition('Boat', ['v1alpha1', 'v1']), ...boats('v1', 2)]);
    await expect(other).rejects.toThrow(/Boat\/test-\d+\/one belongs to the stack test-\d+\.shop/);
    const note = 'its kind gets the version example.com/v1 in the same deployment';
    expect((await planned(stack, next, { forceConflicts: true })).slice(1)).toEqual([
      { action: 'change', paths: ['spec.length'], notes: [note] },
      { action: 'change', paths: ['spec.length'], notes: [note, 'takes spec.length over from a-person'] },
    ]);
    expect(await lengths()).toEqual([2, 2]);
    expect((await planned(stack, next)).map(({ action }) => action)).toEqual(['unchanged', 'unchanged', 'unchanged']);
  });

  it('is refused a field that only the new version has, which the server can’t merge, and takes it afterwards', async () => {
    const stack = { name: 'shop', namespace: await at().namespace() };
    const ship = (version: string, spec: object) => object('Ship', version, 'one', spec);
    await applyObjects(cluster, stack, [definition('Ship', ['v1alpha1']), ship('v1alpha1', { length: 1 })]);
    const both = definition('Ship', ['v1alpha1', 'v1']);
    const early = applyObjects(cluster, stack, [both, ship('v1', { length: 2, color: 'red' })]);
    await expect(early).rejects.toThrow(UsageError);
    await expect(early).rejects.toThrow(/was written as example.com\/v1alpha1, which has no spec.color, so the server can't merge it: deploy it once as/);
    expect(await lengthOf('Ship', stack.namespace, 'one')).toBe(1);
    await applyObjects(cluster, stack, [both, ship('v1', { length: 2 })]);
    await applyObjects(cluster, stack, [both, ship('v1', { length: 2, color: 'red' })]);
    expect(await lengthOf('Ship', stack.namespace, 'one')).toBe(2);
  });

  it('takes a value that only the new version takes', async () => {
    const stack = { name: 'shop', namespace: await at().namespace() };
    await applyObjects(cluster, stack, [definition('Raft', ['v1alpha1']), object('Raft', 'v1alpha1', 'one', { length: 1 })]);
    await edit('Raft', stack.namespace, 'one', 7);
    const next = [definition('Raft', ['v1alpha1', 'v1']), object('Raft', 'v1', 'one', { length: 20 })];
    await expect(applyObjects(cluster, stack, next)).rejects.toThrow(/spec.length was set by a-person/);
    const [, raft] = await planned(stack, next, { forceConflicts: true });
    expect(raft).toMatchObject({ action: 'change', paths: ['spec.length'], notes: [expect.anything(), 'takes spec.length over from a-person'] });
    expect((await planned(stack, next)).map(({ action }) => action)).toEqual(['unchanged', 'unchanged']);
  });
});

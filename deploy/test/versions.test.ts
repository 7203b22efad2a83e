import type { Cluster } from '../src/cluster/cluster';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';
import { readInventory } from '../src/stack/inventory';
import { definition, definitions, kindOf } from '../testing/definitions';
import { applyObjects, destroyStack } from '../testing/in-process';
import { describeWithControlPlane } from '../testing/use-control-plane';

const configMap: KubernetesObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'stays' } };

describeWithControlPlane('an object whose version is not served any more', (at) => {
  let cluster: Cluster;
  beforeAll(() => void (cluster = at().plane.connect()));
  afterAll(() => cluster?.connection.close());

  const custom = (kind: string, version: string, name: string): KubernetesObject => ({ apiVersion: `example.dev/${version}`, kind, metadata: { name } });
  const versions = (alphaServed: boolean, v1Served: boolean) => [
    { name: 'v1alpha1', served: alphaServed, storage: false },
    { name: 'v1', served: v1Served, storage: true },
  ];
  const kindsOf = async (stack: { name: string; namespace: string }) =>
    (await readInventory(cluster, stack))?.entries.map(({ kind, name }) => `${kind}/${name}`);

  it('is pruned in a version that is, also where the same release takes its own away', async () => {
    const stack = { name: 'shop', namespace: await at().namespace() };
    const before = [definition('Gizmo', { versions: versions(true, true) }), custom('Gizmo', 'v1alpha1', 'first'), custom('Gizmo', 'v1alpha1', 'second')];
    await applyObjects(cluster, stack, before);
    const { plan } = await applyObjects(cluster, stack, [definition('Gizmo', { versions: versions(false, true) }), custom('Gizmo', 'v1', 'first')]);
    expect(plan.leftovers.map(({ reference, fate }) => `${fate} ${reference.name}`)).toEqual(['prune second']);
    const gizmos = await cluster.list(kindOf('Gizmo'), stack.namespace);
    expect(gizmos.map(({ metadata }) => metadata.name)).toEqual(['first']);
    expect(await kindsOf(stack)).toEqual(['CustomResourceDefinition/gizmos.example.dev', 'Gizmo/first']);
  });

  it('is found by the next plan too, and by destroy', async () => {
    const stack = { name: 'shop', namespace: await at().namespace() };
    const plane = at().plane.connect();
    await applyObjects(cluster, { name: 'kinds', namespace: stack.namespace }, [definition('Gadget', { versions: versions(true, true) })]);
    await applyObjects(cluster, stack, [configMap, custom('Gadget', 'v1alpha1', 'first'), custom('Gadget', 'v1alpha1', 'second')]);
    await applyObjects(cluster, { name: 'kinds', namespace: stack.namespace }, [definition('Gadget', { versions: versions(false, true) })]);
    const { plan } = await applyObjects(plane, stack, [configMap, custom('Gadget', 'v1', 'first')]);
    expect(plan.leftovers.map(({ reference, fate }) => `${fate} ${reference.name}`)).toEqual(['prune second']);
    await applyObjects(cluster, { name: 'kinds', namespace: stack.namespace }, [definition('Gadget', { versions: versions(true, true) })]);
    expect(await destroyStack(plane, stack)).toEqual([]);
    expect(await cluster.list(kindOf('Gadget'), stack.namespace)).toEqual([]);
    plane.connection.close();
  });

  it('stays the stack’s while no version is served at all, and is gone with its definition', async () => {
    const stack = { name: 'shop', namespace: await at().namespace() };
    const kinds = { name: 'kinds', namespace: stack.namespace };
    await applyObjects(cluster, kinds, [definition('Widget', { versions: versions(true, true) })]);
    await applyObjects(cluster, stack, [configMap, custom('Widget', 'v1', 'hidden')]);
    const setServed = (served: boolean) =>
      cluster.patch({ resource: definitions, name: 'widgets.example.dev' }, [
        { op: 'replace', path: '/spec/versions/0/served', value: served },
        { op: 'replace', path: '/spec/versions/1/served', value: served },
      ]);
    await setServed(false);
    const plane = at().plane.connect();
    const { plan } = await applyObjects(plane, stack, [configMap]);
    expect(plan.leftovers).toMatchObject([
      { reference: { name: 'hidden' }, fate: 'keep', reason: 'no version of its kind is served: let its definition serve one' },
    ]);
    expect(await kindsOf(stack)).toContain('Widget/hidden');
    expect((await applyObjects(plane, stack, [configMap])).changed).toBe(false);
    expect(await destroyStack(plane, stack, true)).toMatchObject([{ reference: { name: 'hidden' }, fate: 'keep' }]);
    const live = (await cluster.get({ resource: definitions, name: 'widgets.example.dev' }))!;
    await cluster.delete({ resource: definitions, name: 'widgets.example.dev' }, live.metadata.uid!);
    while (await cluster.get({ resource: definitions, name: 'widgets.example.dev' })) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await destroyStack(plane, stack)).toEqual([]);
    plane.connection.close();
  });
});

import { eventually } from '../../services/service-kit/testing/load-client';
import type { Cluster } from '../src/cluster/cluster';
import type { Resource } from '../src/cluster/discovery';
import { Refused } from '../src/exit-codes';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';
import { readInventory } from '../src/stack/inventory';
import { auditSince } from '../testing/audit';
import { definition, definitions, kindOf, type Version } from '../testing/definitions';
import { applyObjects, destroyStack } from '../testing/in-process';
import { describeWithControlPlane } from '../testing/use-control-plane';

const namespaces: Resource = { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false };
const claims: Resource = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims', namespaced: true };
const volumes: Resource = { apiVersion: 'v1', kind: 'PersistentVolume', plural: 'persistentvolumes', namespaced: false };
const configMaps: Resource = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };

const object = ({ apiVersion, kind }: Resource, name: string, namespace?: string, rest: object = {}): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  ...rest,
});
const claimSpec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: '' };

describeWithControlPlane('what would go with something of a stack that is removed', (at) => {
  let cluster: Cluster;
  beforeAll(() => void (cluster = at().plane.connect()));
  afterAll(() => cluster?.connection.close());

  const isThere = async (resource: Resource, name: string, namespace?: string) => (await cluster.get({ resource, name, namespace })) !== undefined;
  const remove = async (resource: Resource, name: string, namespace?: string) =>
    cluster.delete({ resource, name, namespace }, (await cluster.get({ resource, name, namespace }))!.metadata.uid!);
  const fates = (left: readonly { reference: { kind: string }; fate: string }[]) => left.map(({ reference, fate }) => `${fate} ${reference.kind}`).sort();

  /** Another stack's object of a kind, in a namespace of its own. */
  async function strangerOf(resource: Resource, name = 'strange') {
    const namespace = await at().namespace();
    await applyObjects(cluster, { name: 'other', namespace }, [object(resource, name, namespace)]);
    return namespace;
  }

  /** What is refused, and that nothing was written for it. */
  async function refused(body: () => Promise<unknown>): Promise<string> {
    const since = await auditSince(at().plane.auditLog);
    const error = await body().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(Refused);
    const writes = (await since()).filter(
      ({ user, uri, verb, dryRun }) => user === 'admin' && !uri.includes('/stand-in') && !dryRun && ['create', 'update', 'patch', 'delete'].includes(verb),
    );
    expect(writes).toEqual([]);
    return (error as Refused).message;
  }

  it('of another stack, in another namespace, keeps the definition of its kind', async () => {
    const namespace = `gizmos-${process.pid}`;
    const stack = { name: 'shop', namespace };
    const gizmo = kindOf('Gizmo');
    await applyObjects(cluster, stack, [object(namespaces, namespace), definition('Gizmo'), object(gizmo, 'own', namespace)]);
    const elsewhere = await strangerOf(gizmo);
    const kept = await destroyStack(cluster, stack, true);
    expect(kept.map(({ reference, reason }) => `${reference.kind} ${reason}`).sort()).toEqual([
      `CustomResourceDefinition with it would go what is to stay: Gizmo/${elsewhere}/strange`,
      'Namespace the account of the stack is in it, by which CustomResourceDefinition/gizmos.example.dev is found again',
    ]);
    expect([await isThere(gizmo, 'strange', elsewhere), await isThere(gizmo, 'own', namespace)]).toEqual([true, false]);
    // it is found again when that is gone
    await remove(gizmo, 'strange', elsewhere);
    expect(await destroyStack(cluster, stack, true)).toEqual([]);
    expect([await isThere(definitions, 'gizmos.example.dev'), await isThere(namespaces, namespace)]).toEqual([false, false]);
  }, 60_000);

  it('is named, a few and how many, where a flag says to prune the definition: nothing is written', async () => {
    const stack = { name: 'shop', namespace: await at().namespace() };
    const gadget = kindOf('Gadget');
    await applyObjects(cluster, stack, [definition('Gadget'), object(configMaps, 'stays'), object(gadget, 'own')]);
    const elsewhere = await at().namespace();
    for (let n = 1; n <= 7; n++) await cluster.create({ resource: gadget, namespace: elsewhere, name: `g${n}` }, object(gadget, `g${n}`));
    const pruneData = ['CustomResourceDefinition/gadgets.example.dev'];
    const words = await refused(() => applyObjects(cluster, stack, [object(configMaps, 'stays')], { pruneData }));
    expect(words).toContain(`CustomResourceDefinition/gadgets.example.dev is not pruned: with it would go what is to stay: Gadget/${elsewhere}/g1, `);
    expect(words).toMatch(/ and 2 more: leave --prune-data CustomResourceDefinition\/gadgets\.example\.dev out$/);
    for (let n = 1; n <= 7; n++) await remove(gadget, `g${n}`, elsewhere);
    // the stack's own that the manifests have stays too
    expect(await refused(() => applyObjects(cluster, stack, [object(configMaps, 'stays'), object(gadget, 'own')], { pruneData }))).toContain(
      `what is to stay: Gadget/${stack.namespace}/own: `,
    );
    const { plan } = await applyObjects(cluster, stack, [object(configMaps, 'stays')], { pruneData });
    expect(fates(plan.leftovers)).toEqual(['prune CustomResourceDefinition', 'prune Gadget']);
    expect(await isThere(definitions, 'gadgets.example.dev')).toBe(false);
  }, 60_000);

  it('keeps a namespace that a flag says to prune: a foreign claim, and one of the stack that has no flag', async () => {
    const stack = { name: 'shop', namespace: await at().namespace() };
    const extra = `extra-${process.pid}`;
    const stays = object(configMaps, 'stays', stack.namespace);
    const own = object(claims, 'own', extra, { spec: claimSpec });
    await applyObjects(cluster, stack, [stays, object(namespaces, extra), own]);
    await cluster.create({ resource: claims, namespace: extra, name: 'foreign' }, object(claims, 'foreign', extra, { spec: claimSpec }));
    const flags = [`Namespace/${extra}`, `PersistentVolumeClaim/${extra}/own`];
    expect(await refused(() => applyObjects(cluster, stack, [stays], { pruneData: flags }))).toContain(`PersistentVolumeClaim/${extra}/foreign`);
    await cluster.patch({ resource: claims, namespace: extra, name: 'foreign' }, [{ op: 'add', path: '/metadata/finalizers', value: [] }]);
    await remove(claims, 'foreign', extra);
    await eventually('it is gone', 10_000, async () => !(await isThere(claims, 'foreign', extra)));
    expect(await refused(() => applyObjects(cluster, stack, [stays], { pruneData: flags.slice(0, 1) }))).toContain(`PersistentVolumeClaim/${extra}/own`);
    await applyObjects(cluster, stack, [stays], { pruneData: flags });
    expect(await isThere(namespaces, extra)).toBe(false);
  }, 60_000);

  it('is the claim on a volume of the stack', async () => {
    const stack = { name: 'shop', namespace: await at().namespace() };
    const elsewhere = await at().namespace();
    const name = `volume-${process.pid}`;
    const spec = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/nowhere' }, storageClassName: '' };
    await applyObjects(cluster, stack, [object(configMaps, 'stays'), object(volumes, name, undefined, { spec })]);
    await applyObjects(cluster, { name: 'other', namespace: elsewhere }, [object(claims, 'strange', elsewhere, { spec: { ...claimSpec, volumeName: name } })]);
    await eventually('it is bound', 20_000, async () => {
      const live = await cluster.get({ resource: volumes, name });
      return (live?.spec as { claimRef?: { uid?: string } }).claimRef?.uid !== undefined;
    });
    expect(await refused(() => applyObjects(cluster, stack, [object(configMaps, 'stays')], { pruneData: [`PersistentVolume/${name}`] }))).toContain(
      `PersistentVolumeClaim/${elsewhere}/strange`,
    );
    expect(await destroyStack(cluster, stack, true)).toMatchObject([{ reference: { kind: 'PersistentVolume' }, fate: 'keep' }]);
    expect((await cluster.get({ resource: volumes, name }))!.metadata.deletionTimestamp).toBeUndefined();
    expect(await readInventory(cluster, stack)).toMatchObject({ entries: [{ kind: 'PersistentVolume' }] });
  }, 60_000);

  it('may be what the account can’t list: the definition stays, and says so', async () => {
    const stack = { name: 'shop', namespace: await at().namespace() };
    const widget = kindOf('Widget');
    await applyObjects(cluster, stack, [definition('Widget'), object(widget, 'own')]);
    const rbac = 'rbac.authorization.k8s.io/v1';
    const role = { apiVersion: rbac, kind: 'ClusterRole', plural: 'clusterroles', namespaced: false };
    const binding = { apiVersion: rbac, kind: 'ClusterRoleBinding', plural: 'clusterrolebindings', namespaced: false };
    const rules = [
      { apiGroups: ['', 'coordination.k8s.io', 'apiextensions.k8s.io'], resources: ['*'], verbs: ['*'] },
      { apiGroups: ['example.dev'], resources: ['*'], verbs: ['get', 'delete'] },
    ];
    await cluster.create({ resource: role, name: 'few' }, object(role, 'few', undefined, { rules }));
    const subjects = [{ kind: 'User', name: 'deployer', apiGroup: 'rbac.authorization.k8s.io' }];
    const roleRef = { kind: 'ClusterRole', name: 'few', apiGroup: 'rbac.authorization.k8s.io' };
    await cluster.create({ resource: binding, name: 'few' }, object(binding, 'few', undefined, { subjects, roleRef }));
    const deployer = at().plane.connect(at().plane.deployerToken);
    await eventually('it may', 10_000, () =>
      deployer.get({ resource: configMaps, namespace: stack.namespace, name: 'none' }).then(
        () => true,
        () => false,
      ),
    );
    const kept = await destroyStack(deployer, stack, true).finally(() => deployer.connection.close());
    expect(kept).toMatchObject([
      {
        reference: { kind: 'CustomResourceDefinition' },
        reason: 'with it would go what is to stay: Widget/(not to be listed by this account in the whole cluster)',
      },
    ]);
    expect(await isThere(definitions, 'widgets.example.dev')).toBe(true);
  }, 60_000);

  it('is seen in a namespace in whatever version of a group it is served, and whatever label or name it took from the stack', async () => {
    const namespace = `copies-${process.pid}`;
    const stack = { name: 'shop', namespace };
    const versions: Version[] = [{ name: 'v1alpha1', served: true, storage: true }];
    // of two kinds of one group one is in the version that the cluster prefers
    await applyObjects(cluster, { name: 'kinds', namespace: await at().namespace() }, [
      definition('Newer', { group: 'two.dev' }),
      definition('Older', { group: 'two.dev', versions }),
    ]);
    await applyObjects(cluster, stack, [object(namespaces, namespace), object(configMaps, 'own')]);
    const older = kindOf('Older', { group: 'two.dev', version: 'v1alpha1' });
    await cluster.create({ resource: older, namespace, name: 'strange' }, object(older, 'strange', namespace));
    const copy = object(claims, 'copy', namespace, { spec: claimSpec });
    const labels = { 'berth.dev/stack': `${namespace}.shop` };
    await cluster.create({ resource: claims, namespace, name: 'copy' }, { ...copy, metadata: { ...copy.metadata, labels } });
    await cluster.create({ resource: claims, namespace, name: 'berth-shop' }, object(claims, 'berth-shop', namespace, { spec: claimSpec }));
    const kept = await destroyStack(cluster, stack, true);
    expect(kept).toMatchObject([{ reference: { kind: 'Namespace' } }]);
    const names = [`PersistentVolumeClaim/${namespace}/berth-shop`, `PersistentVolumeClaim/${namespace}/copy`, `Older/${namespace}/strange`];
    for (const name of names) expect(kept[0]!.reason).toContain(name);
  }, 60_000);
});

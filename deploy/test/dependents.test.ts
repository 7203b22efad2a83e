import { eventually } from '../../services/service-kit/testing/load-client';
import type { Cluster } from '../src/cluster/cluster';
import type { Resource } from '../src/cluster/discovery';
import { Refused } from '../src/exit-codes';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';
import { stackOf } from '../src/stack/stack';
import { definition, kindOf } from '../testing/definitions';
import { applyObjects, destroyStack } from '../testing/in-process';
import { describeWithControlPlane } from '../testing/use-control-plane';

const claims: Resource = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims', namespaced: true };
const configMaps: Resource = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const stays: KubernetesObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'stays' } };
const claimSpec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };

describeWithControlPlane('data that belong to an object that is deleted', (at) => {
  let cluster: Cluster;
  beforeAll(() => void (cluster = at().plane.connect()));
  afterAll(() => cluster?.connection.close());

  const fates = (left: readonly { reference: { kind: string }; fate: string; reason?: string }[]) =>
    left.map(({ reference, fate, reason = '' }) => `${fate} ${reference.kind} ${reason}`.trim());

  async function made(namespace: string, owner: { resource: Resource; name: string }, object: KubernetesObject, resource: Resource) {
    const { uid } = (await cluster.get({ ...owner, namespace }))!.metadata;
    const ownerReferences = [{ apiVersion: owner.resource.apiVersion, kind: owner.resource.kind, name: owner.name, uid }];
    const { name } = object.metadata;
    await cluster.create({ resource, namespace, name }, { ...object, metadata: { name, ownerReferences } });
  }

  it('keep a custom object, also where they belong to what it owns, until its own flag says that it goes', async () => {
    const stack = { name: 'shop', namespace: await at().namespace() };
    const { namespace } = stack;
    const store = kindOf('Store');
    await applyObjects(cluster, { name: 'kinds', namespace }, [definition('Store')]);
    const own = { apiVersion: store.apiVersion, kind: store.kind, metadata: { name: 'own' } };
    await applyObjects(cluster, stack, [stays, own]);
    // as an operator makes them: what it owns owns the claim
    const part = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'part' } };
    await made(namespace, { resource: store, name: 'own' }, part, configMaps);
    const claim = { apiVersion: 'v1', kind: claims.kind, metadata: { name: 'data' }, spec: claimSpec };
    await made(namespace, { resource: configMaps, name: 'part' }, claim, claims);
    const words = `keep Store with it would go what belongs to it and holds data: PersistentVolumeClaim/${namespace}/data`;
    expect(fates((await applyObjects(cluster, stack, [stays])).plan.leftovers)).toEqual([words]);
    expect(fates(await destroyStack(cluster, stack))).toEqual([words]);
    const { plan } = await applyObjects(cluster, stack, [stays], { pruneData: [`Store/${namespace}/own`], replaceAll: true });
    expect(fates(plan.leftovers)).toEqual(['prune Store']);
    // the garbage collector looks for new kinds every 30 s
    await eventually('the claim is gone too', 60_000, async () => {
      const live = await cluster.get({ resource: claims, namespace, name: 'data' });
      return live === undefined || live.metadata.deletionTimestamp !== undefined;
    });
  }, 120_000);

  it('keep an object from being made anew, and a database cluster is never', async () => {
    const stack = { name: 'shop', namespace: await at().namespace() };
    const { namespace } = stack;
    const frozen = (kind: string, group: string) => {
      const defined = definition(kind, { group });
      const rule = { rule: 'self == oldSelf', message: 'field is immutable' };
      const spec = defined.spec as { versions: { schema: { openAPIV3Schema: object } }[] };
      Object.assign(spec.versions[0]!.schema.openAPIV3Schema, {
        properties: { size: { type: 'integer', 'x-kubernetes-validations': [rule] } },
      });
      return defined;
    };
    await applyObjects(cluster, { name: 'kinds', namespace }, [frozen('Cluster', 'postgresql.cnpg.io'), frozen('Box', 'example.dev')]);
    const annotations = { 'berth.dev/replace': 'true' };
    const box = (size: number) => ({ apiVersion: 'example.dev/v1', kind: 'Box', metadata: { name: 'own', annotations }, size });
    const database = (size: number) => ({ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', metadata: { name: 'db', annotations }, size });
    await applyObjects(cluster, stack, [stays, box(1), database(1)]);
    await expect(applyObjects(cluster, stack, [stays, box(1), database(2)])).rejects.toThrow(/it holds data, so it is never deleted to be made anew/);
    expect((await applyObjects(cluster, stack, [stays, box(2), database(1)])).plan.objects.map(({ action }) => action)).toContain('replace');
    const claim = { apiVersion: 'v1', kind: claims.kind, metadata: { name: 'data' }, spec: claimSpec };
    await made(namespace, { resource: kindOf('Box'), name: 'own' }, claim, claims);
    const refused = applyObjects(cluster, stack, [stays, box(3), database(1)]);
    await expect(refused).rejects.toThrow(Refused);
    await expect(refused).rejects.toThrow(`what belongs to it and holds data: PersistentVolumeClaim/${namespace}/data`);
  }, 60_000);

  it('are not the stack’s where a claim of a StatefulSet’s is another stack’s', async () => {
    const namespace = await at().namespace();
    const claim = { apiVersion: 'v1', kind: claims.kind, metadata: { name: 'data-store-0', namespace }, spec: claimSpec };
    await applyObjects(cluster, { name: 'other', namespace }, [claim]);
    const labels = { app: 'store' };
    const template = {
      metadata: { labels },
      spec: { containers: [{ name: 'store', image: 'store:1', volumeMounts: [{ name: 'data', mountPath: '/data' }] }] },
    };
    const volumeClaimTemplates = [{ metadata: { name: 'data' }, spec: claimSpec }];
    const spec = { replicas: 2, serviceName: 'store', selector: { matchLabels: labels }, template, volumeClaimTemplates };
    const stack = { name: 'shop', namespace };
    await applyObjects(cluster, stack, [{ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'store' }, spec }]);
    expect(await destroyStack(cluster, stack, true)).toEqual([]);
    const live = await cluster.get({ resource: claims, namespace, name: 'data-store-0' });
    expect(live && stackOf(live)).toBe(`${namespace}.other`);
    expect(await cluster.get({ resource: claims, namespace, name: 'data-store-1' })).toBeUndefined();
  }, 60_000);
});

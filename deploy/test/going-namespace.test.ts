import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../src/cluster/cluster';
import { Refused } from '../src/exit-codes';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';
import { auditSince } from '../testing/audit';
import { berth, folderWith } from '../testing/berth-process';
import { applyObjects } from '../testing/in-process';
import { describeWithControlPlane } from '../testing/use-control-plane';

const namespaces = { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false };
const configMaps = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };

const namespaceObject = (name: string): KubernetesObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
const configMap = (name: string, namespace: string, finalizers: readonly string[] = []): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, finalizers },
});

describeWithControlPlane('a namespace that is being deleted', (at) => {
  let cluster: Cluster;
  beforeAll(() => void (cluster = at().plane.connect()));
  afterAll(() => cluster?.connection.close());

  /** As `kubectl delete namespace --wait=false` does. */
  const deletes = async (name: string) => cluster.delete({ resource: namespaces, name }, (await cluster.get({ resource: namespaces, name }))!.metadata.uid!);

  const release = (namespace: string, name: string) =>
    cluster.patch({ resource: configMaps, namespace, name }, [{ op: 'remove', path: '/metadata/finalizers' }]);

  const isGone = async (name: string): Promise<void> => {
    while ((await cluster.get({ resource: namespaces, name })) !== undefined) await sleep(50);
  };

  /** Who applies is refused in a sentence, and nothing is written. */
  async function refused(stack: { name: string; namespace: string }, objects: readonly KubernetesObject[], sentence: RegExp): Promise<void> {
    const since = await auditSince(at().plane.auditLog);
    const applied = applyObjects(cluster, stack, objects);
    await expect(applied).rejects.toThrow(Refused);
    await expect(applied).rejects.toThrow(sentence);
    const writes = (await since()).filter(
      ({ user, uri, verb, dryRun }) => user === 'admin' && !uri.includes('stand-in') && !dryRun && ['create', 'update', 'patch', 'delete'].includes(verb),
    );
    expect(writes).toEqual([]);
  }

  it('is waited for by whoever deploys into it, and then deployed as new', async () => {
    const namespace = 'going';
    const objects = [namespaceObject(namespace), configMap('kept', namespace, ['example.com/hold']), configMap('other', namespace)];
    const stack = { name: 'shop', namespace };
    await applyObjects(cluster, stack, objects);
    await deletes(namespace);
    const folder = folderWith({ 'all.json': JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }) });
    const plan = await berth(['plan', folder, '--name', 'shop'], { kubeconfig: at().plane.kubeconfig });
    expect(plan).toMatchObject({ code: 3, stderr: expect.stringContaining('kubectl wait --for=delete namespace/going') as string });
    const sentence =
      /^Namespace\/going is being deleted since \S+, with all that is in it: apply again when it is gone: kubectl wait --for=delete namespace\/going/;
    await refused(stack, objects, sentence);
    // its controller has been at it, and says what holds it
    for (let words = ''; !words.includes('example.com/hold'); await sleep(50)) {
      const error: unknown = await applyObjects(cluster, stack, objects).catch((fault: unknown) => fault);
      words = (error as Error).message;
    }
    await refused(stack, objects, /; it waits: .*finalizers remaining: example\.com\/hold in 1 resource instances/);
    await release(namespace, 'kept');
    await isGone(namespace);
    expect(await applyObjects(cluster, stack, objects)).toMatchObject({ changed: true, revision: 1 });
    await release(namespace, 'kept');
  }, 60_000);

  it('is waited for as well where it is another than the stack’s', async () => {
    const stack = { name: 'shop', namespace: await at().namespace() };
    const objects = [configMap('own', stack.namespace), namespaceObject('beside'), configMap('kept', 'beside', ['example.com/hold'])];
    await applyObjects(cluster, stack, objects);
    await deletes('beside');
    await refused(stack, objects, /^Namespace\/beside is being deleted since /);
    await release('beside', 'kept');
  }, 60_000);

  it('is waited for where a stack of objects without a namespace has its account there', async () => {
    const stack = { name: 'shop', namespace: await at().namespace() };
    await applyObjects(cluster, { ...stack, name: 'holds' }, [configMap('kept', stack.namespace, ['example.com/hold'])]);
    await deletes(stack.namespace);
    const role: KubernetesObject = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'reads' }, rules: [] };
    await refused(stack, [role], /^Namespace\/test-\d+ is being deleted since /);
    await release(stack.namespace, 'kept');
  }, 60_000);
});

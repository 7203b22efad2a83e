import { Unreachable } from '../cluster/api-error';
import type { Cluster, Location } from '../cluster/cluster';
import { type KubernetesObject, referenceOf } from '../manifests/kubernetes-object';
import { type Awaited, mayBeUnready, waitUntilReady } from './wait';

const resource = { apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments', namespaced: true };

const awaited = (name: string): Awaited => ({
  reference: { group: 'apps', kind: 'Deployment', namespace: 'shop', name },
  location: { resource, namespace: 'shop', name },
  podLabels: { app: name },
});

function deployment(name: string, isReady: boolean): KubernetesObject {
  const replicas = isReady ? { readyReplicas: 1, availableReplicas: 1, updatedReplicas: 1 } : { unavailableReplicas: 1, updatedReplicas: 1 };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'shop', generation: 1 },
    spec: { replicas: 1 },
    status: { observedGeneration: 1, replicas: 1, ...replicas, conditions: [{ type: 'Available', status: isReady ? 'True' : 'False' }] },
  };
}

/** A cluster whose Deployments are ready at the looks that are named: `+` ready, `-` not; the last one stays. */
function clusterWhere(looks: Readonly<Record<string, string>>): { readonly cluster: Cluster; readonly looked: Record<string, number> } {
  const looked: Record<string, number> = {};
  const get = ({ name }: Location): Promise<KubernetesObject> => {
    const script = looks[name]!;
    const at = Math.min(looked[name] ?? 0, script.length - 1);
    looked[name] = (looked[name] ?? 0) + 1;
    return Promise.resolve(deployment(name, script[at] === '+'));
  };
  return { cluster: { get, list: () => Promise.resolve([]) } as unknown as Cluster, looked };
}

describe('waiting', () => {
  it('sees one break again that was ready early, while another was waited for', async () => {
    const { cluster, looked } = clusterWhere({ early: '+--+', late: '--+' });
    const { outcome } = await waitUntilReady(cluster, [awaited('early'), awaited('late')], { timeoutMs: 10_000 });
    expect(outcome).toBe('ready');
    expect(looked).toEqual({ early: 5, late: 5 });
  });

  it('ends with its time where what was ready early has broken for good', async () => {
    const { cluster } = clusterWhere({ early: '+-', late: '-+' });
    const { outcome, unready } = await waitUntilReady(cluster, [awaited('early'), awaited('late')], { timeoutMs: 600 });
    expect(outcome).toBe('timeout');
    expect(unready.map(({ reference }) => reference.name)).toEqual(['early']);
  });

  describe('for containers without a readiness probe', () => {
    /** A Deployment that is ready at the looks that say so, with one pod whose container started so long ago. */
    function clusterWith(script: string, startedMsAgo: number, container: object) {
      const { cluster, looked } = clusterWhere({ web: script });
      const serverTime = Date.now() + 3_600_000;
      const owned = (kind: string, uid: string, owner: string, status: object) => ({
        apiVersion: 'v1',
        kind,
        metadata: { name: uid, namespace: 'shop', uid, ownerReferences: [{ uid: owner }] },
        status,
      });
      const startedAt = new Date(serverTime - startedMsAgo).toISOString();
      const pod = owned('Pod', 'pod', 'set', { phase: 'Running', containerStatuses: [{ name: 'web', ready: true, state: { running: { startedAt } } }] });
      let asked = 0;
      const whole = {
        connection: { call: () => Promise.resolve({ serverTime: serverTime + performance.now() - since }) },
        list: ({ kind }: { kind: string }) => (asked++, Promise.resolve(kind === 'Pod' ? [pod] : [owned('ReplicaSet', 'set', 'web', {})])),
        get: async (location: Location) => {
          const { metadata, spec, ...rest } = (await cluster.get(location))!;
          return { ...rest, metadata: { ...metadata, uid: 'web' }, spec: { ...(spec as object), template: { spec: { containers: [container] } } } };
        },
      };
      const since = performance.now();
      return { cluster: whole as unknown as Cluster, looked, asked: () => asked };
    }

    it('looks once more when one has just started, and sees it crash', async () => {
      const { cluster, looked } = clusterWith('+-', 300, { name: 'web' });
      const { outcome } = await waitUntilReady(cluster, [awaited('web')], { timeoutMs: 2_500 });
      expect(outcome).toBe('timeout');
      expect(looked['web']).toBeGreaterThan(1);
    });

    it('is done when it still runs then', async () => {
      const { cluster, looked } = clusterWith('+', 300, { name: 'web' });
      expect(await waitUntilReady(cluster, [awaited('web')], { timeoutMs: 10_000 })).toMatchObject({ outcome: 'ready' });
      expect(looked).toEqual({ web: 2 });
    });

    it.each([
      ['has run for longer', 5_000, { name: 'web' }, 2],
      ['has a probe', 300, { name: 'web', readinessProbe: {} }, 0],
    ])('waits for none that %s', async (_, startedMsAgo, container, lists) => {
      const { cluster, looked, asked } = clusterWith('+', startedMsAgo, container);
      expect(await waitUntilReady(cluster, [awaited('web')], { timeoutMs: 10_000 })).toMatchObject({ outcome: 'ready' });
      expect(looked).toEqual({ web: 1 });
      expect(asked()).toBe(lists);
    });
  });

  describe('for a Service', () => {
    const service: Awaited = {
      reference: { group: '', kind: 'Service', namespace: 'shop', name: 'web' },
      location: { resource: { apiVersion: 'v1', kind: 'Service', plural: 'services', namespaced: true }, namespace: 'shop', name: 'web' },
    };
    const clusterOf = (workload: object) =>
      ({
        get: ({ resource: { kind, apiVersion } }: Location) =>
          Promise.resolve({
            apiVersion,
            kind,
            metadata: { name: 'web', namespace: 'shop', generation: 1 },
            ...(kind === 'Service' ? { spec: { selector: { app: 'web' } } } : workload),
          }),
        list: () => Promise.resolve([]),
      }) as unknown as Cluster;
    const none = { observedGeneration: 1, desiredNumberScheduled: 0, currentNumberScheduled: 0, updatedNumberScheduled: 0, numberAvailable: 0, numberReady: 0 };
    const template = { spec: { containers: [] } };

    it.each([
      ['scaled to 0', 'Deployment', { spec: { replicas: 0, template }, status: { observedGeneration: 1 } }, 'ready'],
      ['of no node', 'DaemonSet', { spec: { template, updateStrategy: { type: 'RollingUpdate' } }, status: none }, 'ready'],
      ['that should run', 'Deployment', deployment('web', true), 'timeout'],
    ])('waits for no pod of what is %s, unless it is wanted', async (_, kind, { spec, status }, outcome) => {
      const workload = {
        ...awaited('web'),
        reference: { ...awaited('web').reference, kind },
        location: { ...awaited('web').location, resource: { ...resource, kind } },
      };
      const cluster = clusterOf({ spec: { template, ...(spec as object) }, status });
      expect(await waitUntilReady(cluster, [service, workload], { timeoutMs: 700 })).toMatchObject({ outcome });
    });
  });

  it.each([
    ['a Service whose pods come with it', 'v1', 'Service', { selector: { app: 'web' } }, true],
    ['a Service of pods of nobody here', 'v1', 'Service', { selector: { app: 'other' } }, false],
    ['a Service that needs a load balancer', 'v1', 'Service', { type: 'LoadBalancer', selector: { app: 'other' } }, true],
    ['another kind of Service', 'serving.knative.dev/v1', 'Service', {}, true],
    ['a ConfigMap', 'v1', 'ConfigMap', undefined, false],
    ['an Ingress', 'networking.k8s.io/v1', 'Ingress', {}, true],
  ])('looks at %s only where it may be unready', (_, apiVersion, kind, spec, looks) => {
    const object: KubernetesObject = { apiVersion, kind, metadata: { name: 'web', namespace: 'shop' }, spec };
    expect(mayBeUnready({ reference: referenceOf(object), object }, [awaited('web')])).toBe(looks);
  });

  it.each([
    [
      'by its connection',
      new Unreachable(new URL('https://cluster.example'), Object.assign(new Error('x'), { code: 'ECONNREFUSED' })),
      300,
      /can't be reached/,
    ],
    ['a fault of ours', new TypeError('undefined is not a function'), 10_000, TypeError],
  ])('throws why the cluster can’t be asked: %s', async (_, fault, timeoutMs, thrown) => {
    const cluster = { get: () => Promise.reject(fault), list: () => Promise.resolve([]) } as unknown as Cluster;
    await expect(waitUntilReady(cluster, [awaited('web')], { timeoutMs })).rejects.toThrow(thrown);
  });

  it('looks once at what is ready at once', async () => {
    const { cluster, looked } = clusterWhere({ one: '+', other: '+' });
    await waitUntilReady(cluster, [awaited('one'), awaited('other')], { timeoutMs: 1_000 });
    expect(looked).toEqual({ one: 1, other: 1 });
  });
});

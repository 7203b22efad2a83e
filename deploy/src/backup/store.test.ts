import { helperPod } from './helper-pod';
import type { ArchivedStore, ArchiveManifest } from './archive';
import { replacements } from './restore-checks';
import { chosenStores, type ExternalStore, type ReachableStore, referringFirst, type SqliteStore, type Store } from './store';

const location = { resource: { apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments', namespaced: true }, namespace: 'shop', name: 'it' };

function store(
  service: string,
  references: string[] = [],
  more: object = { kind: 'sqlite', container: service, backup: ['b'], restore: ['r'] },
): ReachableStore {
  const workload = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: service } };
  const reference = { group: 'apps', kind: 'Deployment', namespace: 'shop', name: service };
  return { service, references, workload, reference, location, schema: 3, ...more } as unknown as ReachableStore;
}

describe('the order of stores', () => {
  const orderOf = (...stores: Store[]) => referringFirst(stores).map(({ service }) => service);

  it('puts those first that refer to others, so that nothing in a backup refers to what isn’t in it', () => {
    expect(orderOf(store('user-service'), store('order-service', ['user-service']))).toEqual(['order-service', 'user-service']);
    expect(orderOf(store('a'), store('b', ['a']), store('c', ['b', 'a']), store('d'))).toEqual(['c', 'b', 'a', 'd']);
  });

  it('is by name where they refer to each other, to themselves or to nobody', () => {
    expect(orderOf(store('b', ['a']), store('a', ['b']))).toEqual(['a', 'b']);
    expect(orderOf(store('b', ['b', 'elsewhere']), store('a'))).toEqual(['a', 'b']);
  });
});

describe('the stores that are meant', () => {
  it('are all, or the named ones', () => {
    const all = [store('a'), store('b')];
    expect(chosenStores(all, undefined)).toEqual(all);
    expect(chosenStores(all, ['b'])).toEqual([all[1]]);
    expect(() => chosenStores(all, ['c', 'b'])).toThrow('--service c: the stack has no such store; there are a, b');
  });

  it('can’t be outside of the cluster, unless others are named', () => {
    const outside = store('a', [], { kind: 'external-postgres', database: 'adb', host: 'db.example', port: 5432 }) as unknown as ExternalStore;
    expect(() => chosenStores([outside, store('b')], undefined)).toThrow(
      /Deployment\/shop\/a: its database adb is on db\.example:5432, outside of the cluster/,
    );
    expect(chosenStores([outside, store('b')], ['b'])).toHaveLength(1);
  });
});

describe('an archive that doesn’t fit', () => {
  const archived = (service: string, more: Partial<ArchivedStore> = {}) => ({ service, kind: 'sqlite', schema: 2, ...more }) as ArchivedStore;
  const archive = (...stores: ArchivedStore[]) => ({ namespace: 'shop', stack: 'local', startedAt: '', stores }) as unknown as ArchiveManifest;
  const stack = { namespace: 'shop', name: 'local' };

  it.each<[string, ArchiveManifest, RegExp]>([
    ['of another stack', { ...archive(archived('a')), stack: 'staging' }, /the backup is of shop\/staging, and this is shop\/local: say --any-stack/],
    ['of another namespace', { ...archive(archived('a')), namespace: 'prod' }, /the backup is of prod\/local/],
    ['without a store', archive(archived('b')), /Deployment\/shop\/a: the backup has no store of a: name those that are meant with --service, of b/],
    ['of another kind of store', archive(archived('a', { kind: 'postgres' })), /has its data in a SQLite file, and the backup is of PostgreSQL/],
    ['of a newer release', archive(archived('a', { schema: 4 })), /the backup has schema 4, and the deployed release knows 3: deploy the newer release first/],
  ])('%s is refused', (_, wrong, sentence) => {
    expect(() => replacements(wrong, stack, [store('a')], false)).toThrow(sentence);
  });

  it('may be of another stack when that was said, and of an older release', () => {
    const found = replacements({ ...archive(archived('a', { schema: 1 }), archived('b')), stack: 'staging' }, stack, [store('a')], true);
    expect(found.map(({ archived: { service } }) => service)).toEqual(['a']);
  });
});

describe('the pod that holds a volume', () => {
  const spec = {
    containers: [
      { name: 'other', image: 'other:1' },
      {
        name: 'user-service',
        image: 'user-service:1',
        ports: [{ containerPort: 8000 }],
        livenessProbe: {},
        readinessProbe: {},
        lifecycle: {},
        envFrom: [{ configMapRef: { name: 'c' } }],
        securityContext: { readOnlyRootFilesystem: true },
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
        resources: { limits: { memory: '1Mi' } },
      },
    ],
    securityContext: { runAsUser: 10001 },
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'd' } }],
    terminationGracePeriodSeconds: 35,
  };
  const labels = { 'app.kubernetes.io/name': 'user-service' };
  const workload = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'user-service', uid: 'u' },
    spec: { template: { metadata: { labels }, spec } },
  };
  const subject = { ...(store('user-service') as SqliteStore), workload };

  it('is admitted as the service’s own, has its volumes, and is sent nothing: no port, no probe, none of its labels', () => {
    const pod = helperPod(subject, 'berth-restore-user-service', 'node-1') as { metadata: { labels: object }; spec: typeof spec & { affinity: unknown } };
    const [container, ...others] = pod.spec.containers;
    expect(others).toEqual([]);
    const { envFrom, image, name, resources, securityContext, volumeMounts } = spec.containers[1]!;
    expect(container).toEqual({ name, image, envFrom, resources, securityContext, volumeMounts, command: ['sleep', 'infinity'] });
    expect(pod.spec).toMatchObject({ securityContext: spec.securityContext, volumes: spec.volumes, restartPolicy: 'Never', terminationGracePeriodSeconds: 1 });
    expect(pod.metadata.labels).toEqual({ 'app.kubernetes.io/managed-by': 'berth', 'berth.dev/restores': 'u' });
    expect(JSON.stringify(pod.spec.affinity)).toContain('"values":["node-1"]');
  });

  it('goes wherever the volume can be had when nobody has it', () => {
    expect(helperPod(subject, 'x', undefined)).not.toHaveProperty('spec.affinity');
  });

  it('is refused where the annotation names no container of the workload', () => {
    expect(() => helperPod({ ...subject, container: 'gone' }, 'x', undefined)).toThrow(/Deployment\/shop\/user-service has no container gone/);
  });
});

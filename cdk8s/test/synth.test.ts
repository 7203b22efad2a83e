import type { Cpu, ServiceDeclaration } from '@berth/service-kit/declaration';
import { WebService } from '../src/constructs/web-service';
import type { Environment } from '../src/environment';
import { environments } from '../src/environments';
import { App, Chart, Construct } from '../src/kubernetes';
import { settingsOf } from '../src/settings';
import { externalAccess } from '../src/constructs/external-postgres';
import { environment, filesOf, type Manifest, objectsOf, released, services } from './synthesized';

const names = environments.map(({ name }) => name);

describe.each(names)('the manifests of %s', (name) => {
  it('are the same byte for byte, in whatever order the services are found', () => {
    const first = [...filesOf(name)];
    expect([...filesOf(name, services.toReversed())]).toEqual(first);
    expect(first.map(([path]) => path)).toMatchSnapshot();
  });

  it('have each object once, in the namespace, under a bare name unless nobody types it', () => {
    const objects = objectsOf(name);
    const ids = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { kind, metadata, immutable } of objects) {
      expect(metadata.namespace).toBe(kind === 'Namespace' ? undefined : `berth-${name}`);
      const hashed = kind === 'Job' || immutable === true;
      expect(`${kind}/${metadata.name}`).toMatch(hashed ? /-[0-9a-f]{10}$/ : /^\w+\/[a-z]+(-[a-z]+)*$/);
    }
  });

  it('mark what holds data, and the namespace around it, by each tool’s word for keep, and nothing else', () => {
    const words = {
      'helm.sh/resource-policy': 'keep',
      'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
      'kustomize.toolkit.fluxcd.io/prune': 'disabled',
    };
    for (const { kind, metadata } of objectsOf(name)) {
      const marks = Object.entries(metadata.annotations ?? {}).filter(([annotation]) => annotation in words);
      expect([kind, Object.fromEntries(marks)]).toEqual([kind, ['Namespace', 'PersistentVolumeClaim', 'Cluster'].includes(kind) ? words : {}]);
    }
  });

  it('say the command that makes the Secrets which their pods read, where they read any', () => {
    const { annotations } = objectsOf(name).find(({ kind }) => kind === 'Namespace')!.metadata;
    const command = `npm run --silent secrets -- --env ${name} | kubectl create -f -`;
    expect(annotations!['berth.dev/make-secrets']).toBe(JSON.stringify(objectsOf(name)).includes('"secretName":"') ? command : undefined);
  });

  it('never hold a secret', () => {
    expect(objectsOf(name).filter(({ kind }) => kind === 'Secret')).toEqual([]);
  });
});

it('what prepares a database reserves no more CPU than its limit', () => {
  const staging = environment('staging');
  const requestOf = (cpuLimit: Cpu) => {
    const store = { ...staging.store, resources: { cpu: '20m', cpuLimit, memory: '512Mi', disk: '64Mi' } } as Environment['store'];
    const job = objectsOf({ ...staging, store }).find(({ kind }) => kind === 'Job')!.spec as {
      template: { spec: { initContainers: { resources: { requests: { cpu: string } } }[] } };
    };
    return job.template.spec.initContainers[0]!.resources.requests.cpu;
  };
  expect(['20m', '49m', '50m', '1000m'].map((limit) => requestOf(limit as Cpu))).toEqual(['20m', '49m', '50m', '50m']);
});

it('an empty value counts as unset wherever synth looks at it', () => {
  const graceOf = (SHUTDOWN_TIMEOUT_MS: string | number) => {
    const objects = objectsOf({ ...environment('staging'), configuration: { SHUTDOWN_TIMEOUT_MS } });
    const deployment = objects.find(({ kind }) => kind === 'Deployment')!.spec as { template: { spec: { terminationGracePeriodSeconds: number } } };
    return deployment.template.spec.terminationGracePeriodSeconds;
  };
  expect(graceOf('')).toBe(graceOf(25_000));
  expect(graceOf(0)).toBeLessThan(graceOf(''));
});

describe('a change of the configuration', () => {
  const withLevel = (level: string) => objectsOf({ ...environment('staging'), overrides: { 'user-service': { configuration: { LOG_LEVEL: level } } } });
  const byId = (objects: readonly Manifest[]) => new Map(objects.map((object) => [`${object.kind}/${object.metadata.name}`, JSON.stringify(object)]));

  it('rolls the pods that read it, and no others', () => {
    const [info, debug] = [byId(withLevel('info')), byId(withLevel('debug'))];
    const touched = [...debug].filter(([id, text]) => info.get(id) !== text).map(([id]) => id.replace(/-[0-9a-f]{10}$/, ''));
    expect(touched.sort()).toEqual(['ConfigMap/user-service', 'Deployment/user-service', 'Job/user-service-migrate']);
  });

  it('never changes a selector', () => {
    for (const { spec } of withLevel('debug').filter(({ kind }) => kind === 'Deployment'))
      expect(Object.keys((spec as { selector: { matchLabels: object } }).selector.matchLabels).sort()).toEqual([
        'app.kubernetes.io/component',
        'app.kubernetes.io/name',
      ]);
  });
});

it('a rate limit behind an Ingress reaches the pods with the number of proxies, as operations says it', () => {
  const configuration = { RATE_LIMIT_PER_MINUTE: 600, TRUST_PROXY: 1 };
  const objects = objectsOf({ ...environment('staging'), overrides: { 'order-service': { configuration } } });
  const dataOf = (service: string) => objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith(service))!.data;
  expect(dataOf('order-service')).toMatchObject({ RATE_LIMIT_PER_MINUTE: '600', TRUST_PROXY: '1' });
  expect(dataOf('user-service')).not.toHaveProperty('RATE_LIMIT_PER_MINUTE');
});

it.each([
  [{ host: 'db.example', cidr: '10.0.0.0/8' }, 'postgres://user_service@db.example:5432/userdb'],
  [{ host: 'db.example', cidr: '10.0.0.0/8', sslMode: 'verify-full' as const }, 'postgres://user_service@db.example:5432/userdb?sslmode=verify-full'],
  [{ host: 'fd00::7', cidr: 'fd00::/64' }, 'postgres://user_service@[fd00::7]:5432/userdb'],
])('a database outside of the cluster, %j, is reached at %s', (where, url) => {
  const store = { kind: 'external-postgres', port: 5432, maxConnections: 600, ...where } as const;
  const objects = objectsOf({ ...environment('production'), store });
  const settings = objects.filter(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('user-service')) as unknown as {
    data: Record<string, string>;
  }[];
  expect(settings.map(({ data }) => data['DATABASE_URL']).filter(Boolean)).toContain(url);
});

it('names and selectors stay when a construct moves in the tree', () => {
  const staging = environment('staging');
  const render = (place: (chart: Chart) => Construct) => {
    const chart = new Chart(new App(), 'any', { namespace: 'berth-staging', disableResourceNameHashes: true });
    new WebService(place(chart), webServiceParts(services[0]!));
    return chart.toJson() as unknown[];
  };
  const webServiceParts = (declaration: ServiceDeclaration) => ({
    environment: staging,
    settings: settingsOf(declaration, staging),
    image: released[declaration.name]!,
    database: () => externalAccess(declaration, { kind: 'external-postgres', host: 'db.example', port: 5432, cidr: '10.0.0.0/8', maxConnections: 100 }),
    peers: [],
    callers: [],
  });
  const moved = render((chart) => new Construct(new Construct(chart, 'somewhere'), 'else'));
  expect(moved).toEqual(render((chart) => chart));
  expect(moved.length).toBeGreaterThan(5);
});

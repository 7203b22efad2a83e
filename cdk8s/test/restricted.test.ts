import { boatService, environment, objectsOf, podTemplatesOf, services } from './synthesized';

interface Container {
  readonly name: string;
  readonly image: string;
  readonly securityContext: Record<string, unknown> & { readonly capabilities: { readonly drop: string[]; readonly add?: string[] } };
  readonly resources: { readonly requests: Record<string, string>; readonly limits: Record<string, string> };
  readonly lifecycle?: unknown;
  readonly startupProbe: unknown;
  readonly livenessProbe: unknown;
  readonly readinessProbe: unknown;
}
interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes: readonly Record<string, unknown>[];
  readonly securityContext: { readonly runAsUser: number; readonly runAsNonRoot: boolean; readonly seccompProfile: unknown };
  readonly [field: string]: unknown;
}

const pods = ['local', 'staging', 'production'].flatMap((name) =>
  podTemplatesOf(objectsOf(name, [...services, boatService])).map(({ owner, spec }) => ({ owner: `${name}/${owner}`, spec: spec as PodSpec })),
);
const containers = pods.flatMap(({ owner, spec }) =>
  [...(spec.initContainers ?? []), ...spec.containers].map((container) => ({ owner: `${owner} ${container.name}`, container })),
);
const servers = pods.filter(({ owner }) => owner.includes('/Deployment/'));

// the rules: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
describe.each(pods)('the pod of $owner', ({ spec }) => {
  it('is one that `restricted` admits', () => {
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(spec.securityContext.runAsUser).toBeGreaterThan(0);
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) expect(spec[field]).toBeUndefined();
    const kinds = spec.volumes.map((volume) => Object.keys(volume).find((key) => key !== 'name')!);
    expect(['configMap', 'emptyDir', 'secret', 'persistentVolumeClaim']).toEqual(expect.arrayContaining(kinds));
  });

  it('has no token and no addresses of other Services', () => {
    expect(spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false, serviceAccountName: expect.any(String) as string });
  });
});

describe.each(containers)('the container $owner', ({ container }) => {
  it('has no privileges, no capabilities and a read-only root', () => {
    expect(container.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(container.securityContext.capabilities.add).toBeUndefined();
  });

  it('has requests and limits of everything', () => {
    for (const amounts of [container.resources.requests, container.resources.limits])
      expect(Object.keys(amounts).sort()).toEqual(['cpu', 'ephemeral-storage', 'memory']);
  });
});

it.each([
  ['Recreate', 1, 0],
  ['Recreate', 2, 5],
  ['Recreate', { minimum: 1 }, 5],
  ['RollingUpdate', 1, 5],
] as const)('a server by %s with replicas %j has %i s before SIGTERM and after it is ready', (strategy, replicas, seconds) => {
  const objects = objectsOf({ ...environment('production'), strategy, replicas });
  for (const { spec } of objects.filter(({ kind }) => kind === 'Deployment')) {
    const { minReadySeconds, template } = spec as { readonly minReadySeconds?: number; readonly template: { readonly spec: PodSpec } };
    expect(template.spec.containers[0]!.lifecycle).toEqual(seconds > 0 ? { preStop: { sleep: { seconds } } } : undefined);
    expect(minReadySeconds).toBe(seconds > 0 ? seconds : undefined);
    expect(template.spec['terminationGracePeriodSeconds']).toBe(seconds + 25 + 10);
  }
});

describe.each(servers)('the server of $owner', ({ owner, spec }) => {
  const [server] = spec.containers as [Container];
  const sleeps = owner.startsWith('local/') ? 0 : 5;
  it('sleeps before SIGTERM where another one serves on: a field that the class library drops', () => {
    expect(server.lifecycle).toEqual(sleeps > 0 ? { preStop: { sleep: { seconds: sleeps } } } : undefined);
  });

  it('has more time than its drain needs', () => {
    expect(spec['terminationGracePeriodSeconds']).toBe(sleeps + 25 + 10);
  });

  it('asks three different questions', () => {
    expect([server.startupProbe, server.livenessProbe, server.readinessProbe]).toMatchObject([
      { httpGet: { path: '/health' } },
      { httpGet: { path: '/health/live' } },
      { httpGet: { path: '/health/ready' } },
    ]);
  });
});

it('a longer drain gets a longer grace', () => {
  const staging = { ...environment('staging'), configuration: { SHUTDOWN_TIMEOUT_MS: 60_500 } };
  const graces = podTemplatesOf(objectsOf(staging))
    .filter(({ owner }) => owner.startsWith('Deployment/'))
    .map(({ spec }) => (spec as PodSpec)['terminationGracePeriodSeconds']);
  expect(graces).toEqual([76, 76]);
});

interface Container {
  image: string;
  command?: string[];
  imagePullPolicy: string;
  readonly readinessProbe: { readonly httpGet: { path: string } };
  readonly securityContext: { privileged: boolean; allowPrivilegeEscalation: boolean };
}

/** A Deployment as far as it is broken here. */
export interface BreakableDeployment {
  readonly spec: {
    readonly template: { readonly metadata: { readonly annotations: Record<string, string> }; readonly spec: { readonly containers: [Container] } };
  };
}

/** One fault of a release. */
export interface BadRelease {
  readonly name: string;
  readonly service: 'user-service' | 'order-service';
  /** @param registry - the host of a registry that has no image */
  change(deployment: BreakableDeployment, registry: string): void;
  /** What berth says of it. */
  readonly reason: RegExp;
  /** Whether it is certain not to become ready, long before time is up. */
  readonly isCertain: boolean;
  /** Whether it is quick enough for every run of the suite. */
  readonly inSample: boolean;
}

type Fault = Omit<BadRelease, 'service' | 'change'> & { change(container: Container, registry: string): void };

const faults: readonly Fault[] = [
  {
    name: 'an image that the registry doesn’t have',
    change: (container, registry) => (container.image = `${registry}/berth/none:9.9.9`),
    reason: /image localhost:5055\/berth\/none:9\.9\.9 .*not found/s,
    isCertain: true,
    inSample: true,
  },
  {
    name: 'an image’s name that is none',
    change: (container) => (container.image = 'registry.example/User-Service:1'),
    reason: /"registry\.example\/User-Service:1" is no name of an image/,
    isCertain: true,
    inSample: false,
  },
  {
    name: 'pods that the namespace’s policy refuses',
    change: ({ securityContext }) => Object.assign(securityContext, { privileged: true, allowPrivilegeEscalation: true }),
    reason: /its pods are refused: the Pod Security of the namespace, restricted\S*, does not allow them: privileged .*the old revision serves on/s,
    isCertain: true,
    inSample: true,
  },
  {
    name: 'a crash at start',
    change: (container) => (container.command = ['node', '-e', 'console.error("no such thing"); process.exit(3)']),
    reason: /ends with exit code 3, 3 times.*no such thing|no such thing.*ends with exit code 3/s,
    isCertain: true,
    inSample: false,
  },
  {
    name: 'a program that isn’t there',
    change: (container) => (container.command = ['nothing']),
    reason: /exec: "nothing" is not in the image \S+: correct its command/,
    isCertain: true,
    inSample: false,
  },
  {
    name: 'more memory than the limit',
    change: (container) => (container.command = ['node', '-e', 'const kept = []; for (;;) kept.push(Buffer.alloc(20_000_000, 1))']),
    reason: /more memory than its limit \(OOMKilled\)/,
    isCertain: true,
    inSample: true,
  },
  {
    name: 'a readiness probe that fails',
    change: ({ readinessProbe }) => (readinessProbe.httpGet.path = '/nowhere'),
    reason: /its readiness probe asks \/nowhere, and is answered 404: the path is wrong/,
    isCertain: false,
    inSample: false,
  },
  {
    name: 'a readiness probe that nobody answers',
    change: (container) => (container.command = ['sleep', 'infinity']),
    reason: /its (startup|readiness) probe fails: Get ".*connect: connection refused/,
    isCertain: false,
    inSample: false,
  },
  {
    name: 'an image that is never pulled',
    change: (container) => Object.assign(container, { image: 'nowhere.example/none:1', imagePullPolicy: 'Never' }),
    reason: /not on the node, and its imagePullPolicy is Never/,
    isCertain: true,
    inSample: false,
  },
  {
    name: 'a crash after half a second',
    change: (container) => (container.command = ['node', '-e', 'setTimeout(() => { throw new Error("half a second") }, 500)']),
    reason: /ends with exit code 1.*half a second|half a second.*ends with exit code 1/s,
    isCertain: true,
    inSample: false,
  },
];

/** Each fault in each service: twenty. */
export const badReleases: readonly BadRelease[] = faults.flatMap(({ change, name, inSample, ...fault }) =>
  (['user-service', 'order-service'] as const).map((service) => ({
    ...fault,
    name: `${name}, in ${service}`,
    service,
    inSample: inSample && service === 'order-service',
    change: ({ spec: { template } }: BreakableDeployment, registry: string) => change(template.spec.containers[0], registry),
  })),
);

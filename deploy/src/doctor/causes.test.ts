import { justNow, longAgo, sceneOf, told } from '../../testing/scenes';
import { diagnose } from './diagnosis';
import { logKey, type Scene } from './scene';

const meta = (name: string, more = '') => `metadata: {name: ${name}, namespace: shop, uid: ${name}, creationTimestamp: ${longAgo}${more}}`;
const unready = 'replicas: 1, updatedReplicas: 1';
const ready = `${unready}, readyReplicas: 1, availableReplicas: 1, conditions: [{type: Available, status: "True"}]`;

const deployment = (name: string, status: string, { spec = 'replicas: 1', pod = 'containers: [{name: app}]', labels = `app: ${name}` } = {}) => `
apiVersion: apps/v1
kind: Deployment
${meta(name, ', generation: 1, annotations: {deployment.kubernetes.io/revision: "1"}')}
spec: {${spec}, template: {metadata: {labels: {${labels}}}, spec: {${pod}}}}
status: {observedGeneration: 1, ${status}}`;
const replicaSet = (name: string) => `
apiVersion: apps/v1
kind: ReplicaSet
${meta(`${name}-1`, `, annotations: {deployment.kubernetes.io/revision: "1"}, ownerReferences: [{kind: Deployment, name: ${name}, uid: ${name}}]`)}`;
const pod = (name: string, status: string, spec = 'containers: [{name: app, ports: [{name: http, containerPort: 8000}]}]') => `
apiVersion: v1
kind: Pod
${meta(`${name}-1-a`, `, labels: {app: ${name}}, ownerReferences: [{kind: ReplicaSet, name: ${name}-1, uid: ${name}-1}]`)}
spec: {${spec}}
status: {${status}}`;
const service = (name: string, { selects = name, spec = '', status = '' } = {}) => `
apiVersion: v1
kind: Service
${meta(name)}
spec: {selector: {app: ${selects}}, ports: [{port: 8000, targetPort: http}]${spec}}
status: {${status}}`;
const slice = (name: string, isReady: boolean) => `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-1, namespace: shop, labels: {kubernetes.io/service-name: ${name}}}
endpoints: [{conditions: {ready: ${isReady}}}]`;
const event = (reason: string, message: string, at: string, about: string) => `
apiVersion: v1
kind: Event
metadata: {name: ${reason}-${at}, namespace: shop}
type: Warning
reason: ${reason}
message: ${JSON.stringify(message)}
lastTimestamp: ${at}
involvedObject: {kind: Pod, name: ${about}, uid: ${about}, fieldPath: "spec.containers{app}"}`;

/** A Deployment of one pod. */
const one = (status: string, podSpec?: string) => [
  deployment('user', unready, podSpec === undefined ? {} : { pod: podSpec }),
  replicaSet('user'),
  pod('user', status, podSpec),
];
const causeOf = (scene: Scene) => diagnose(scene).causes.map(({ cause }) => cause);
const runs = `containerStatuses: [{name: app, ready: true, state: {running: {startedAt: ${longAgo}}}}]`;

describe('a container that is killed', () => {
  const crashed = `phase: Running, containerStatuses: [{name: app, ready: false, restartCount: 3, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 137, startedAt: ${justNow}}}}]`;
  const hook = 'lifecycle: {postStart: {exec: {command: [sh, -c, exit 4]}}}';

  it.each([
    ['', /is killed \(exit code 137\), 4 times$/],
    ['livenessProbe: {tcpSocket: {port: 1}}', /137\): by its liveness probe, 4/],
    ['startupProbe: {tcpSocket: {port: 1}}, resources: {limits: {memory: 1Mi}}', /137\): by its startup probe, or for its memory, 4/],
    [hook, /137\): because its postStart hook fails, 4/],
  ])('is told only what it has that kills: %s', (what, cause) => {
    expect(causeOf(sceneOf(one(crashed, `containers: [{name: app, ${what}}]`)))).toEqual([expect.stringMatching(cause)]);
  });

  it('by its hook after the start is told that, with the hook, while the kubelet says so of the last run', () => {
    const scene = (at: string) =>
      sceneOf([...one(crashed, `containers: [{name: app, ${hook}}]`), event('FailedPostStartHook', 'PostStartHook failed', at, 'user-1-a')]);
    expect(causeOf(scene(justNow))).toEqual([expect.stringMatching(/killed right after its start, 4 times: its postStart hook fails: sh -c exit 4$/)]);
    expect(told(scene(justNow)).causes).toEqual([['post-start-hook', 'user']]);
    expect(told(scene(longAgo)).causes).toEqual([['crash', 'user']]);
  });
});

describe('an init container', () => {
  const running = (at: string, name = 'wait') =>
    `phase: Pending, initContainerStatuses: [{name: ${name}, ready: false, state: {running: {startedAt: ${at}}}}], containerStatuses: [{name: app, state: {waiting: {reason: PodInitializing}}}]`;
  const spec = (more = '') => `initContainers: [{name: wait${more}}], containers: [{name: app}]`;

  it('that runs on is named, with what its log says last', () => {
    const logs = new Map([[logKey({ apiVersion: 'v1', kind: 'Pod', metadata: { name: '', uid: 'user-1-a' } }, 'wait', false), 'waiting for db:5432\n']]);
    const scene = sceneOf(one(running(longAgo), spec()), { logs });
    expect(told(scene).causes).toEqual([['init-container', 'user']]);
    expect(causeOf(scene)).toEqual([expect.stringMatching(/its init container wait runs for 3600 s and has not ended, .*: waiting for db:5432$/)]);
  });

  it.each([
    ['that has just started', running(justNow), spec()],
    ['that is a sidecar', running(longAgo), spec(', restartPolicy: Always')],
  ])('%s is not', (_what, status, containers) => {
    expect(told(sceneOf(one(status, containers))).causes).toEqual([['not-ready', 'user']]);
  });
});

describe('a readiness gate', () => {
  const spec = 'readinessGates: [{conditionType: shop.example/till}], containers: [{name: app}]';
  const status = (since: string, more = '') =>
    `phase: Running, ${runs}, conditions: [{type: ContainersReady, status: "True", lastTransitionTime: ${since}}, {type: Ready, status: "False", lastTransitionTime: ${longAgo}}${more}]`;

  it.each([
    ['that nobody has set', status(longAgo), /its readiness gate shop\.example\/till is not met: nobody has set this condition/],
    [
      'that is not so',
      status(longAgo, ', {type: shop.example/till, status: "False", message: it is locked}'),
      /is not met: it is False: shop\.example\/till: it is locked$/,
    ],
  ])('%s is the cause', (_what, given, cause) => {
    const scene = sceneOf(one(given, spec));
    expect(told(scene).causes).toEqual([['readiness-gate', 'user']]);
    expect(causeOf(scene)).toEqual([expect.stringMatching(cause)]);
  });

  it('is none a moment after the containers became ready, and when it is met', () => {
    const met = status(longAgo, ', {type: shop.example/till, status: "True"}');
    for (const given of [status(justNow), met]) expect(told(sceneOf(one(given, spec))).causes).toEqual([['not-ready', 'user']]);
  });
});

describe('a pod at which no scheduler has looked', () => {
  it('is told, with the name of the one that it asks for', () => {
    const scene = sceneOf(one('phase: Pending', 'schedulerName: nobody, containers: [{name: app}]'));
    expect(told(scene).causes).toEqual([['scheduler', 'user']]);
    expect(causeOf(scene)).toEqual([expect.stringMatching(/no scheduler has looked at it: it asks for the scheduler "nobody"/)]);
  });

  it('is none that one found no node for', () => {
    const refused = 'phase: Pending, conditions: [{type: PodScheduled, status: "False", message: no room}]';
    expect(told(sceneOf(one(refused))).causes).toEqual([['unschedulable', 'user']]);
  });
});

it('a paused Deployment is told to be, until its newest template has its pods', () => {
  const paused = { spec: 'replicas: 1, paused: true' };
  expect(told(sceneOf([deployment('user', '', paused)])).causes).toEqual([['paused', 'user']]);
  expect(told(sceneOf([deployment('user', ready, paused)])).state).toBe('healthy');
});

it('a Service whose only Deployment is scaled to 0 is told that', () => {
  const scene = sceneOf([deployment('user', 'replicas: 0', { spec: 'replicas: 0' }), service('user')]);
  expect(told(scene).causes).toEqual([['scaled-to-zero', 'user']]);
  expect(causeOf(scene)).toEqual(['nobody answers for it: Deployment/user is scaled to 0']);
});

describe('a load balancer without an address', () => {
  const balanced = service('user', { spec: ', type: LoadBalancer' });

  it('is a cause of its own, and follows from no pod', () => {
    const broken = one('phase: Pending, containerStatuses: [{name: app, image: "app:1", state: {waiting: {reason: ErrImageNeverPull}}}]');
    expect(told(sceneOf([...broken, balanced, slice('user', false)])).causes).toEqual([
      ['image-never-pulled', 'user'],
      ['load-balancer', 'user'],
    ]);
  });

  it('is given a minute', () => {
    const fresh = balanced.replace(longAgo, justNow);
    expect(told(sceneOf([deployment('user', ready), fresh, slice('user', true)]))).toEqual({ state: 'progressing', causes: [], underWay: ['user'] });
  });
});

describe('what the cluster warned of', () => {
  const warned = (at: string, status: string) => causeOf(sceneOf([...one(status), event('FailedMount', 'failed to fetch token', at, 'user-1-a')]));

  it('is quoted of a pod that does not run', () => {
    expect(warned(longAgo, 'phase: Pending, conditions: [{type: PodScheduled, status: "True"}]')).toEqual([
      '0 of 1 pods are ready: FailedMount: failed to fetch token',
    ]);
  });

  it('is over for a pod that runs since', () => {
    expect(warned('2026-01-01T10:59:59Z', `phase: Running, ${runs}`)).toEqual(['0 of 1 pods are ready']);
    expect(warned('2026-01-01T11:30:00Z', `phase: Running, ${runs}`)).toEqual(['0 of 1 pods are ready: FailedMount: failed to fetch token']);
  });
});

describe('a Service that selects another application', () => {
  const app = (name: string, env = '') => [
    deployment(name, ready, { pod: `containers: [{name: app, env: [${env}], ports: [{name: http, containerPort: 8000}]}]` }),
    replicaSet(name),
    pod(name, `phase: Running, ${runs}, conditions: [{type: Ready, status: "True", lastTransitionTime: ${longAgo}}]`),
    slice(name, true),
  ];
  const closed = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
${meta('order')}
spec: {podSelector: {matchLabels: {app: order}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: user}}}]}]}`;
  const shop = (selects: string) => [
    ...app('user'),
    ...app('order', '{name: USER_URL, value: "http://user:8000"}'),
    service('user', { selects }),
    service('order'),
    closed,
  ];

  it('is the cause, and what the policies say of it is not', () => {
    const scene = sceneOf(shop('order'));
    expect(told(scene).causes).toEqual([['service-wrong-pods', 'user', 'Deployment/order']]);
    expect(causeOf(scene)).toEqual(['its selector app=order is that of the pods of Deployment/order: no Service leads to Deployment/user']);
  });

  it('is none where it selects its own, or those whom nothing else leads to', () => {
    expect(told(sceneOf(shop('user'))).state).toBe('healthy');
    // blue and green
    const green = [...app('user'), ...app('user-green'), service('user', { selects: 'user-green' })];
    expect(told(sceneOf(green)).state).toBe('healthy');
  });
});

describe('an autoscaler', () => {
  const autoscaler = (name: string, status = '') => `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
${meta('scaler')}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: ${name}}}
status: {${status}}`;

  it('whose target is not there is told, before its controller says so', () => {
    const scene = sceneOf([autoscaler('usr'), deployment('user', ready)]);
    expect(told(scene).causes).toEqual([['scale-target', 'scaler']]);
    expect(causeOf(scene)).toEqual(["it scales Deployment/usr, which isn't there: is user meant?"]);
  });

  it('whose target is gone from the stack suffers from that', () => {
    const reference = { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'user' };
    const scene = sceneOf([autoscaler('user')]);
    const gone = { reference, readiness: { state: 'NotFound', message: '' } as const };
    expect(told({ ...scene, objects: [...scene.objects, gone] }).causes).toEqual([['object-missing', 'user', 'HorizontalPodAutoscaler/scaler']]);
  });

  it('whose target is there is well, with metrics or without', () => {
    const withoutMetrics = 'conditions: [{type: AbleToScale, status: "True"}, {type: ScalingActive, status: "False", reason: FailedGetResourceMetric}]';
    expect(told(sceneOf([autoscaler('user', withoutMetrics), deployment('user', ready)])).state).toBe('healthy');
  });
});

it('the words of a probe’s command are one line of the sentence', () => {
  const status = `phase: Running, containerStatuses: [{name: app, ready: false, state: {running: {startedAt: ${longAgo}}}}]`;
  const spec = 'containers: [{name: app, readinessProbe: {exec: {command: [cat, /till]}}}]';
  const failing = event('Unhealthy', 'Readiness probe failed: cat: /till: no such file\ncat: giving up\n', justNow, 'user-1-a');
  expect(causeOf(sceneOf([...one(status, spec), failing]))).toEqual([
    'pod user-1-a: container app runs and is not ready: its readiness probe fails: cat: /till: no such file cat: giving up',
  ]);
});

describe('a Job that failed, and whose pods its controller has deleted', () => {
  const job = `
apiVersion: batch/v1
kind: Job
${meta('migrat')}
spec: {template: {spec: {restartPolicy: OnFailure, containers: [{name: app}]}}}
status: {conditions: [{type: Failed, status: "True", reason: BackoffLimitExceeded, message: it failed}]}`;
  const said = (kind: string, about: string, reason: string, message: string, at = justNow) => `
apiVersion: v1
kind: Event
metadata: {name: ${about}-${reason}-${at}, namespace: shop}
type: Warning
reason: ${reason}
message: ${JSON.stringify(message)}
lastTimestamp: ${at}
involvedObject: {kind: ${kind}, name: ${about}, namespace: shop, uid: ${about}}`;
  const made = said('Job', 'migrat', 'SuccessfulCreate', 'Created pod: migrat-m52lp');
  const words = 'Error: exec: "/bin/migrat": stat /bin/migrat: no such file or directory: unknown';
  const failed = (about: string) => said('Pod', about, 'Failed', words);

  it('is told by what was last said of a start of them', () => {
    const before = said('Pod', 'migrat-m52lp', 'Failed', 'Error: before', longAgo);
    const scene = sceneOf([job, made, before, failed('migrat-m52lp')]);
    expect(causeOf(scene)).toEqual([`pod migrat-m52lp, which is gone: ${words}`]);
    expect(told(scene).causes).toEqual([['object-failed', 'migrat']]);
    expect(diagnose(scene).causes[0]!.evidence).toEqual([expect.stringMatching(/^BackoffLimitExceeded/), `Failed: ${words}`]);
  });

  it.each([
    ['nothing was', [made]],
    ['it was of another’s', [made, failed('other-m52lp')]],
    ['nobody knows its pods', [failed('migrat-m52lp')]],
  ])('is told by its condition where %s', (_what, more) => {
    expect(causeOf(sceneOf([job, ...more]))).toEqual([expect.stringMatching(/^BackoffLimitExceeded: it failed/)]);
  });
});

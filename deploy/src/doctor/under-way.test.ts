import { justNow, longAgo, now, sceneOf, told } from '../../testing/scenes';
import { logKey, type Scene } from './scene';

const ago = (seconds: number) => new Date(now - seconds * 1_000).toISOString();
const meta = (name: string, more = '') => `metadata: {name: ${name}, namespace: shop, uid: ${name}, creationTimestamp: ${longAgo}${more}}`;

/** A StatefulSet of one pod, which has long been there. */
const set = (podSpec: string, podStatus: string, spec = 'replicas: 1', status = 'replicas: 1, readyReplicas: 0') => [
  `
apiVersion: apps/v1
kind: StatefulSet
${meta('user', ', generation: 1')}
spec: {${spec}, template: {metadata: {labels: {app: user}}, spec: {${podSpec}}}}
status: {observedGeneration: 1, ${status}}`,
  `
apiVersion: v1
kind: Pod
${meta('user-0', ', labels: {app: user}, ownerReferences: [{kind: StatefulSet, name: user, uid: user}]')}
spec: {${podSpec}}
status: {${podStatus}}`,
];
const event = (reason: string, message: string, at: string) => `
apiVersion: v1
kind: Event
metadata: {name: ${reason}, namespace: shop}
type: ${reason === 'Unhealthy' ? 'Warning' : 'Normal'}
reason: ${reason}
message: ${JSON.stringify(message)}
lastTimestamp: ${at}
involvedObject: {kind: Pod, name: user-0, uid: user-0, fieldPath: "spec.containers{app}"}`;
const service = `
apiVersion: v1
kind: Service
${meta('user')}
spec: {selector: {app: user}, ports: [{port: 8000}]}`;
const runs = (seconds: number, more = '') =>
  `phase: Running, containerStatuses: [{name: app, ready: false, state: {running: {startedAt: "${ago(seconds)}"}}${more}}]`;

const isUnderWay = (texts: readonly string[], more: Partial<Scene> = {}) =>
  expect(told(sceneOf(texts, more))).toMatchObject({ state: 'progressing', causes: [] });
const isTold = (rule: string, texts: readonly string[], more: Partial<Scene> = {}) =>
  expect(told(sceneOf(texts, more)).causes[0]?.slice(0, 2)).toEqual([rule, 'user']);

describe('what a manifest gives time for is under way, and so is the Service of it, until a minute after', () => {
  const startup = 'containers: [{name: app, startupProbe: {tcpSocket: {port: 80}, failureThreshold: 60}}]';
  const refused = event('Unhealthy', 'Startup probe failed: dial tcp 10.0.0.1:80: connect: connection refused', justNow);
  const delayed = 'containers: [{name: app, readinessProbe: {tcpSocket: {port: 80}, initialDelaySeconds: 200}}]';
  const both = `containers: [{name: app, startupProbe: {tcpSocket: {port: 80}, failureThreshold: 60}, readinessProbe: {tcpSocket: {port: 80}, initialDelaySeconds: 5}}]`;

  it.each<[string, (seconds: number) => readonly string[], number, string]>([
    ['a startup probe', (seconds) => [...set(startup, runs(seconds, ', started: false')), refused], 600, 'not-answering'],
    ['a readiness probe that is first asked late', (seconds) => set(delayed, runs(seconds, ', started: true')), 200, 'not-ready'],
    ['a readiness probe after a start', (seconds) => set(both, runs(seconds, ', started: true')), 5, 'not-ready'],
    [
      'minReadySeconds',
      (seconds) =>
        set(
          'containers: [{name: app}]',
          `phase: Running, conditions: [{type: Ready, status: "True", lastTransitionTime: "${ago(seconds)}"}]`,
          'replicas: 1, minReadySeconds: 200',
          'replicas: 1, readyReplicas: 1, currentRevision: a, updateRevision: b',
        ),
      200,
      'not-ready',
    ],
    [
      'a hook after the start',
      (seconds) => [
        ...set(
          'containers: [{name: app, lifecycle: {postStart: {exec: {command: [sleep, "200"]}}}}]',
          'phase: Pending, containerStatuses: [{name: app, ready: false, started: false, state: {waiting: {reason: ContainerCreating}}}]',
        ),
        event('Started', 'Started container app', ago(seconds)),
      ],
      600,
      'not-ready',
    ],
  ])('%s', (_what, texts, givenSeconds, rule) => {
    for (const more of [[], [service]]) {
      isUnderWay([...texts(givenSeconds + 50), ...more]);
      isTold(rule, [...texts(givenSeconds + 70), ...more]);
    }
  });
});

it('a pod whose init containers have just ended is under way', () => {
  const status = (seconds: number) => `phase: Running, conditions: [{type: Initialized, status: "True", lastTransitionTime: "${ago(seconds)}"}]`;
  isUnderWay(set('containers: [{name: app}]', status(50)));
  isTold('not-ready', set('containers: [{name: app}]', status(70)));
});

describe('an init container', () => {
  const spec = 'initContainers: [{name: load}], containers: [{name: app}]';
  const status = `phase: Pending, initContainerStatuses: [{name: load, ready: false, state: {running: {startedAt: ${longAgo}}}}]`;
  const key = logKey({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'user-0', uid: 'user-0' } }, 'load', false);
  const said = (log: string, seconds: number): Partial<Scene> => ({ logs: new Map([[key, log]]), lastSaid: new Map([[key, now - seconds * 1_000]]) });

  it('that says something new gets on, until it has said nothing for a minute', () => {
    isUnderWay(set(spec, status), said('loaded row 1\nloaded row 2\n', 50));
    isTold('init-container', set(spec, status), said('loaded row 1\nloaded row 2\n', 70));
  });

  it.each([
    ['says the same again and again', 'look\nnone\nlook\nnone\n'],
    ['says that it waits', 'waiting for db:5432, 1 s\nwaiting for db:5432, 2 s\n'],
    ['says that it tries', 'attempt 1\nattempt 2\n'],
    ['says what it can’t', "server can't find db-1\nserver can't find db-2\n"],
  ])('that %s does not', (_what, log) => isTold('init-container', set(spec, status), said(log, 1)));
});

describe('a Job', () => {
  const job = (status: string) => `
apiVersion: batch/v1
kind: Job
${meta('user')}
spec: {template: {spec: {containers: [{name: app}]}}}
status: {${status}}`;

  it('whose pod runs is under way, however long, until its controller says that it failed', () => {
    isUnderWay([job('active: 1, ready: 1')]);
    isTold('object-failed', [job('active: 1, ready: 1, conditions: [{type: FailureTarget, status: "True", reason: DeadlineExceeded}]')]);
  });

  it('whose pod doesn’t is told', () => isTold('not-ready', [job('active: 1, ready: 0')]));
});

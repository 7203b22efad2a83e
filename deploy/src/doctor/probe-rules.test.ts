import { justNow, longAgo, sceneOf } from '../../testing/scenes';
import { logKey } from './scene';
import { verdictsOf } from './rules';

const uid = 'user-0';
const logs = (text: string) => new Map([[logKey({ apiVersion: 'v1', kind: 'Pod', metadata: { name: uid, uid } }, 'app', false), text]]);

/** What is told of a StatefulSet's pod whose probe fails just now. */
const told = (container: string, message: string, log = '') => {
  const set = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: user, namespace: shop, uid: user, generation: 1, creationTimestamp: ${longAgo}}
spec: {replicas: 1, template: {metadata: {labels: {app: user}}, spec: {containers: [{name: app, ${container}}]}}}
status: {observedGeneration: 1, replicas: 1, readyReplicas: 0}`;
  const pod = `
apiVersion: v1
kind: Pod
metadata: {name: ${uid}, namespace: shop, uid: ${uid}, creationTimestamp: ${longAgo}, ownerReferences: [{kind: StatefulSet, name: user, uid: user}]}
spec: {containers: [{name: app, ${container}}]}
status: {phase: Running, containerStatuses: [{name: app, ready: false, state: {running: {startedAt: ${longAgo}}}}]}`;
  const event = `
apiVersion: v1
kind: Event
metadata: {name: unhealthy, namespace: shop}
type: Warning
reason: Unhealthy
message: ${JSON.stringify(message)}
lastTimestamp: ${justNow}
involvedObject: {kind: Pod, name: ${uid}, uid: ${uid}, fieldPath: "spec.containers{app}"}`;
  return verdictsOf(sceneOf([set, pod, event], { logs: logs(log) })).filter(({ rule }) => /^(?:probe|not-answering)/.test(rule));
};

const refused = (kind: string) => `${kind} probe failed: dial tcp 10.0.0.1:80: connect: connection refused`;
const ports = (port: number) => `ports: [{containerPort: ${port}}]`;

describe('a probe whose port refuses', () => {
  it.each([
    [
      'where another port is declared',
      `${ports(8000)}, readinessProbe: {tcpSocket: {port: 80}}`,
      'Readiness',
      '',
      /asks port 80, where nothing listens: its container has 8000$/,
    ],
    [
      'where the log names another port',
      `${ports(80)}, readinessProbe: {tcpSocket: {port: 80}}`,
      'Readiness',
      'management listening on port 9090',
      /where nothing listens: it listens on 9090$/,
    ],
    [
      'of a start',
      `${ports(8000)}, startupProbe: {tcpSocket: {port: 80}, failureThreshold: 60}`,
      'Startup',
      'listening on port 8000',
      /where nothing listens: it listens on 8000$/,
    ],
  ])('may open yet, so it is never certain: %s', (_what, container, kind, log, cause) => {
    const [first] = told(container, refused(kind), log);
    expect(first).toMatchObject({ rule: 'probe-port', cause: expect.stringMatching(cause) as string, certainAfterMs: Infinity });
  });

  it.each([
    ['a port that is declared', `${ports(8000)}, readinessProbe: {tcpSocket: {port: 80}}`, 'Readiness', false],
    ['a line of the log', `${ports(80)}, readinessProbe: {tcpSocket: {port: 80}}`, 'Readiness', true],
    ['a port that is declared, of a start', `${ports(8000)}, startupProbe: {tcpSocket: {port: 80}}`, 'Startup', true],
  ])('is what a start looks like, or not: by %s', (_what, container, kind, isSymptom) => {
    expect(told(container, refused(kind), 'management listening on port 9090')[0]).toMatchObject({ rule: 'probe-port', isSymptom });
  });

  it('is told in the kubelet’s words where no port is declared: a container need not', () => {
    for (const kind of ['Startup', 'Readiness'])
      expect(told(`${kind.toLowerCase()}Probe: {tcpSocket: {port: 80}}`, refused(kind)).map(({ rule }) => rule)).toEqual(['not-answering']);
  });

  it('is certain after a minute where there is none of its name', () => {
    const [first] = told(`${ports(80)}, startupProbe: {tcpSocket: {port: web}, failureThreshold: 60}`, 'Startup probe errored: no such port');
    expect(first).toMatchObject({ rule: 'probe-port', cause: expect.stringMatching(/the port "web", and there is none/) as string, certainAfterMs: 60_000 });
  });
});

it.each([
  ['readinessProbe: {httpGet: {path: /raedy, port: 80}}', 'Readiness', 60_000],
  ['startupProbe: {httpGet: {path: /raedy, port: 80}, initialDelaySeconds: 5, failureThreshold: 60}', 'Startup', 605_000],
  ['readinessProbe: {httpGet: {path: /raedy, port: 80}, periodSeconds: 300}', 'Readiness', 900_000],
])('a path that isn’t there may come with the start, as long as its probe is patient: %s', (container, kind, certainAfterMs) => {
  expect(told(container, `${kind} probe failed: HTTP probe failed with statuscode: 404`)[0]).toMatchObject({ rule: 'probe-path', certainAfterMs });
});

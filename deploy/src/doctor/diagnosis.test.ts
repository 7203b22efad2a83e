import { justNow, longAgo, now, sceneOf, told } from '../../testing/scenes';
import { readinessOf } from '../readiness/readiness';
import { diagnose } from './diagnosis';

const workload = (name: string, status: string, env = '', made = longAgo) => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: shop, uid: ${name}, generation: 1, creationTimestamp: ${made}, annotations: {deployment.kubernetes.io/revision: "1"}}
spec: {replicas: 1, template: {metadata: {labels: {app: ${name}}}, spec: {containers: [{name: app, env: [${env}], ports: [{name: http, containerPort: 8000}]}]}}}
status: {observedGeneration: 1, ${status}}`;
const ready = 'replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1, conditions: [{type: Available, status: "True"}]';
const unready = 'replicas: 1, updatedReplicas: 1';
const replicaSet = (name: string) => `
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: ${name}-1, namespace: shop, uid: ${name}-1, annotations: {deployment.kubernetes.io/revision: "1"}, ownerReferences: [{kind: Deployment, name: ${name}, uid: ${name}}]}`;
const pod = (name: string, status: string, made = longAgo) => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}-1-a, namespace: shop, uid: ${name}-1-a, creationTimestamp: ${made}, labels: {app: ${name}}, ownerReferences: [{kind: ReplicaSet, name: ${name}-1, uid: ${name}-1}]}
spec: {containers: [{name: app, ports: [{name: http, containerPort: 8000}]}]}
status: {phase: Running, ${status}}`;
const service = (name: string) => `
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: shop, creationTimestamp: ${longAgo}}
spec: {selector: {app: ${name}}, ports: [{port: 8000, targetPort: http}]}`;
const slice = (name: string, isReady: boolean) => `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-1, namespace: shop, labels: {kubernetes.io/service-name: ${name}}}
endpoints: [{conditions: {ready: ${isReady}}}]`;
const neverPulled = 'containerStatuses: [{name: app, image: "app:1", ready: false, state: {waiting: {reason: ErrImageNeverPull}}}]';
const url = (to: string, port = 8000) => `{name: PEER_URL, value: "http://${to}:${port}"}`;

const brokenPeer = [workload('user', unready), replicaSet('user'), pod('user', neverPulled), service('user'), slice('user', false)];

it('what follows from a cause is told below it, at however many hands', () => {
  const scene = sceneOf([
    ...brokenPeer,
    workload('order', unready, url('user')),
    replicaSet('order'),
    pod('order', 'containerStatuses: [{name: app, ready: false, state: {running: {startedAt: "2026-01-01T11:00:00Z"}}}]'),
    service('order'),
    slice('order', false),
    workload('gateway', unready, url('order')),
  ]);
  expect(told(scene)).toEqual({
    state: 'broken',
    causes: [['image-never-pulled', 'user', 'Service/user', 'Deployment/order', 'Service/order', 'Deployment/gateway']],
    underWay: [],
  });
});

it('two causes that have nothing to do with each other are two, though one needs the other', () => {
  const scene = sceneOf([...brokenPeer, workload('order', unready, url('user')), replicaSet('order'), pod('order', neverPulled)]);
  expect(told(scene).causes).toEqual([
    ['image-never-pulled', 'user', 'Service/user'],
    ['image-never-pulled', 'order'],
  ]);
});

it('a pod that was just made, and who waits for it, are under way', () => {
  const health = new Map([['order-1-a', { status: 'degraded', checks: { user: { status: 'unavailable', detail: 'does not answer' } } }]]);
  const scene = sceneOf(
    [
      workload('user', unready, '', justNow),
      replicaSet('user'),
      pod('user', 'containerStatuses: [{name: app, ready: false, state: {running: {}}}]', justNow),
      service('user'),
      slice('user', false),
      workload('order', ready, url('user')),
      replicaSet('order'),
      pod('order', 'conditions: [{type: Ready, status: "True"}]'),
    ],
    { health },
  );
  expect(told(scene)).toEqual({ state: 'progressing', causes: [], underWay: ['user', 'user'] });
  // but not where time is up
  expect(diagnose(scene, false).causes.map(({ rule, subject }) => [rule, subject.name])).toEqual([['says-unready', 'order']]);
});

it('a Service whose only pod was sent away a moment ago is under way, however old the pod is', () => {
  const leaving = pod('user', 'conditions: [{type: Ready, status: "True"}]').replace('labels:', 'deletionTimestamp: 2026-01-01T12:00:20Z, labels:');
  const scene = sceneOf([workload('user', ready), replicaSet('user'), leaving, service('user'), slice('user', false)]);
  expect(told(scene)).toEqual({ state: 'progressing', causes: [], underWay: ['user'] });
});

it('a Service between two pods is under way while its Deployment rolls out', () => {
  const rolling = `${unready}, conditions: [{type: Progressing, status: "True", lastUpdateTime: "${justNow}"}]`;
  const scene = sceneOf([workload('user', rolling), replicaSet('user'), service('user'), slice('user', false)]);
  expect(told(scene)).toEqual({ state: 'progressing', causes: [], underWay: ['user', 'user'] });
});

it('one that is not ready for long, and of which nothing tells why, is told all the same', () => {
  expect(told(sceneOf([workload('user', unready)])).causes).toEqual([['not-ready', 'user']]);
});

it('nothing wrong is healthy', () => {
  expect(told(sceneOf([workload('user', ready), replicaSet('user'), service('user'), slice('user', true)]))).toEqual({
    state: 'healthy',
    causes: [],
    underWay: [],
  });
});

it('who is not let in, or may not look, is told that alone', () => {
  const lockedOut = sceneOf(brokenPeer, { lockout: { context: 'shop', message: 'Unauthorized', ended: { what: 'token', at: longAgo } } });
  expect(told(lockedOut).causes).toEqual([['kubeconfig-expired', 'shop']]);
  const blind = sceneOf(brokenPeer, { unseen: [{ verb: 'list', resource: 'pods', namespace: 'shop' }] });
  expect(told(blind).causes).toEqual([['no-rights', 'shop']]);
  const almost = sceneOf(brokenPeer, { unseen: [{ verb: 'list', resource: 'nodes' }] });
  expect(told(almost).causes).toEqual([['image-never-pulled', 'user', 'Service/user']]);
});

it('one missing ConfigMap that two workloads need is one cause', () => {
  const waiting = `containerStatuses: [{name: app, state: {waiting: {reason: CreateContainerConfigError, message: 'configmap "settings" not found'}}}]`;
  const scene = sceneOf(['one', 'two'].flatMap((name) => [workload(name, unready), replicaSet(name), pod(name, waiting)]));
  expect(told(scene).causes).toEqual([['config-map-missing', 'one', 'Deployment/two']]);
});

it('who misses an object of the stack that is gone suffers from that', () => {
  const waiting = `containerStatuses: [{name: app, state: {waiting: {reason: CreateContainerConfigError, message: 'configmap "settings" not found'}}}]`;
  const scene = sceneOf([
    workload('user', unready).replace('env: []', 'envFrom: [{configMapRef: {name: settings}}]'),
    replicaSet('user'),
    pod('user', waiting),
  ]);
  const gone = { reference: { group: '', kind: 'ConfigMap', namespace: 'shop', name: 'settings' }, readiness: readinessOf(undefined, { now }) };
  expect(told({ ...scene, objects: [...scene.objects, gone] }).causes).toEqual([['object-missing', 'settings', 'Deployment/user']]);
});

it('a StatefulSet that no node takes for the claim of its template suffers from the claim', () => {
  const set = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: pg, namespace: shop, uid: pg, generation: 1, creationTimestamp: ${longAgo}}
spec: {replicas: 1, template: {metadata: {labels: {app: pg}}, spec: {containers: [{name: app}]}}, volumeClaimTemplates: [{metadata: {name: d}}]}
status: {observedGeneration: 1, replicas: 1, readyReplicas: 0}`;
  const unbound = 'conditions: [{type: PodScheduled, status: "False", message: "pod has unbound immediate PersistentVolumeClaims"}]';
  const waiting = `
apiVersion: v1
kind: Pod
metadata: {name: pg-0, namespace: shop, uid: pg-0, creationTimestamp: ${longAgo}, labels: {app: pg}, ownerReferences: [{kind: StatefulSet, name: pg, uid: pg}]}
spec: {containers: [{name: app, ports: [{name: http, containerPort: 8000}]}], volumes: [{name: d, persistentVolumeClaim: {claimName: d-pg-0}}]}
status: {phase: Pending, ${unbound}}`;
  const claim = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: d-pg-0, namespace: shop, uid: d-pg-0}
spec: {storageClassName: nosuchclass, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
status: {phase: Pending}`;
  const missing = `
apiVersion: v1
kind: Event
metadata: {name: one, namespace: shop}
type: Warning
reason: ProvisioningFailed
message: 'storageclass.storage.k8s.io "nosuchclass" not found'
involvedObject: {kind: PersistentVolumeClaim, name: d-pg-0, uid: d-pg-0}`;
  const scene = sceneOf([set, waiting, claim, missing, service('pg'), slice('pg', false)]);
  expect(told(scene).causes).toEqual([['volume-class', 'd-pg-0', 'StatefulSet/pg', 'Service/pg']]);
});

it('a bad release whose old one serves on says so', () => {
  const old = replicaSet('user').replaceAll('user-1', 'user-0').replace('revision: "1"', 'revision: "0"');
  const serving = pod('user', 'conditions: [{type: Ready, status: "True"}]').replaceAll('user-1', 'user-0');
  const { causes } = diagnose(sceneOf([workload('user', unready), replicaSet('user'), pod('user', neverPulled), old, serving]));
  expect(causes[0]!.cause).toMatch(/the rollout is stuck, and the old revision serves on: 1 of its pods is ready$/);
});

it('a pod that runs well just now and crashed twice in the last minutes is told', () => {
  const ends = (at: string) =>
    `conditions: [{type: Ready, status: "True"}], containerStatuses: [{name: app, ready: true, restartCount: 3, state: {running: {}}, lastState: {terminated: {exitCode: 1, finishedAt: "${at}"}}}]`;
  expect(told(sceneOf([workload('user', ready), replicaSet('user'), pod('user', ends(justNow))])).causes).toEqual([['crash', 'user']]);
  expect(told(sceneOf([workload('user', ready), replicaSet('user'), pod('user', ends(longAgo))])).state).toBe('healthy');
});

it('a CronJob’s run makes no schema: what has its name doesn’t fail because of it', () => {
  const labels = 'labels: {app: user, app.kubernetes.io/name: user}';
  const run = `
apiVersion: batch/v1
kind: Job
metadata: {name: tidy-1, namespace: shop, uid: tidy-1, creationTimestamp: ${longAgo}, ownerReferences: [{kind: CronJob, name: tidy, uid: tidy}]}
spec: {template: {metadata: {${labels}}, spec: {containers: [{name: app}]}}}
status: {conditions: [{type: Failed, status: "True", reason: DeadlineExceeded}]}`;
  const ended =
    'containerStatuses: [{name: app, ready: false, restartCount: 3, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 1}}}]';
  const logs = new Map([['user-1-a/app/previous', 'connect ECONNREFUSED 10.0.0.1:443']]);
  const scene = sceneOf([workload('user', unready).replace('labels: {app: user}', labels), replicaSet('user'), pod('user', ended), run], { logs });
  expect(told(scene).causes).toEqual([
    ['crash', 'user'],
    ['object-failed', 'tidy-1'],
  ]);
});

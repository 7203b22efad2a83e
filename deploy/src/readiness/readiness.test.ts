import { parse } from 'yaml';
import type { KubernetesObject } from '../manifests/kubernetes-object';
import { readinessOf } from './readiness';
import type { State, Surroundings } from './state';

type Row = readonly [what: string, yaml: string, state: State, message: RegExp, surroundings?: Partial<Surroundings>];

const deployment = (spec: string, status: string) =>
  `{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, generation: 2}, spec: {${spec}}, status: {observedGeneration: 2, ${status}}}`;
const complete = 'replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2';
const conditions = (...list: string[]) => `conditions: [${list.map((condition) => `{${condition}}`).join(', ')}]`;
const available = 'type: Available, status: "True"';
const progressed = 'type: Progressing, status: "True", reason: NewReplicaSetAvailable';
const statefulSet = (spec: string, status: string) =>
  `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {replicas: 3, ${spec}}, status: {observedGeneration: 1, ${status}}}`;
const daemonSet = (status: string, spec = '') => `{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: a}, spec: {${spec}}, status: {${status}}}`;
const replicaSet = (status: string) =>
  `{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: a}, spec: {replicas: 2}, status: {observedGeneration: 1, ${status}}}`;
const job = (status: string, spec = '') => `{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {${spec}}, status: {${status}}}`;
const cronJobRun = (status: string) =>
  `{apiVersion: batch/v1, kind: Job, metadata: {name: a-1, ownerReferences: [{kind: CronJob, name: a, uid: a}]}, spec: {}, status: {${status}}}`;
const pod = (status: string) => `{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {}, status: {${status}}}`;
const service = (spec: string, status = '') => `{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {${spec}}, status: {${status}}}`;
const claim = (status: string) => `{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {}, status: {${status}}}`;
const autoscaler = (status: string) => `{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {}, status: {${status}}}`;
const definition = (status: string) =>
  `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a}, spec: {}, status: {${status}}}`;
const boat = (status: string, metadata = '') => `{apiVersion: example.com/v1, kind: Boat, metadata: {name: a, ${metadata}}, status: {${status}}}`;

const rows: readonly Row[] = [
  ['an object that is going', boat('', 'deletionTimestamp: now, finalizers: [example.com/hold]'), 'Terminating', /waiting on finalizers: example.com\/hold/],
  ['an object that its controller has not seen', boat('observedGeneration: 1', 'generation: 2'), 'InProgress', /has not seen the change/],
  [
    'an object that stalls',
    boat(conditions('type: Stalled, status: "True", reason: NoCrew, message: nobody is aboard')),
    'Failed',
    /^NoCrew: nobody is aboard$/,
  ],
  ['an object that is reconciled', boat(conditions('type: Reconciling, status: "True", reason: Loading')), 'InProgress', /Loading/],
  ['a custom resource that is ready', boat(conditions('type: Ready, status: "True"')), 'Current', /^$/],
  ['a custom resource that is not ready', boat(conditions('type: Ready, status: "False", reason: Leak')), 'InProgress', /Leak/],
  ['a custom resource of which nobody knows', boat(conditions('type: Ready, status: Unknown')), 'InProgress', /Ready/],
  ['a custom resource that says nothing', boat(''), 'Current', /^$/],
  ['a ConfigMap', '{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}', 'Current', /^$/],

  ['a Deployment that was not seen', '{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, generation: 1}, spec: {}}', 'InProgress', /has not seen it/],
  [
    'a Deployment past its deadline',
    deployment('replicas: 2', `updatedReplicas: 1, ${conditions('type: Progressing, status: "False", reason: ProgressDeadlineExceeded, message: timed out')}`),
    'Failed',
    /ProgressDeadlineExceeded: timed out \(1 new, 0 ready of 2\)/,
  ],
  [
    'a Deployment whose pods are refused',
    deployment('replicas: 2', conditions('type: ReplicaFailure, status: "True", reason: FailedCreate, message: exceeded quota')),
    'InProgress',
    /FailedCreate: exceeded quota/,
  ],
  [
    'a Deployment that is paused before its pods are new',
    deployment('replicas: 2, paused: true', 'replicas: 2, updatedReplicas: 0, readyReplicas: 2, availableReplicas: 2'),
    'InProgress',
    /0 of 2 pods are new, and it is paused: .*kubectl rollout resume/,
  ],
  [
    'a Deployment that is paused when all its pods are new',
    deployment(
      'replicas: 2, paused: true, progressDeadlineSeconds: 600',
      `${complete}, ${conditions(available, 'type: Progressing, status: Unknown, reason: DeploymentPaused')}`,
    ),
    'Current',
    /^$/,
  ],
  ['a Deployment with too few pods', deployment('replicas: 3', complete), 'InProgress', /2 of 3 pods are new/],
  [
    'a Deployment with old pods',
    deployment('replicas: 2', 'replicas: 3, updatedReplicas: 2, readyReplicas: 3, availableReplicas: 3'),
    'InProgress',
    /1 old pods are still there/,
  ],
  ['a Deployment with too many pods', deployment('replicas: 1', complete), 'InProgress', /1 pods are to go/],
  [
    'a Deployment with unavailable pods',
    deployment('replicas: 2', 'replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 1'),
    'InProgress',
    /1 of 2 pods are ready/,
  ],
  [
    'a Deployment with unready pods',
    deployment('replicas: 2', 'replicas: 2, updatedReplicas: 2, readyReplicas: 1, availableReplicas: 2'),
    'InProgress',
    /1 of 2 pods are ready/,
  ],
  [
    'a Deployment whose rollout is not complete',
    deployment(
      'replicas: 2, progressDeadlineSeconds: 600',
      `${complete}, ${conditions(available, 'type: Progressing, status: "True", reason: ReplicaSetUpdated')}`,
    ),
    'InProgress',
    /not complete/,
  ],
  ['a Deployment without a deadline', deployment('replicas: 2, progressDeadlineSeconds: 2147483647', `${complete}, ${conditions(available)}`), 'Current', /^$/],
  ['a Deployment that is not available', deployment('replicas: 2', `${complete}, ${conditions(progressed)}`), 'InProgress', /not available/],
  ['a Deployment that is ready', deployment('replicas: 2, progressDeadlineSeconds: 600', `${complete}, ${conditions(available, progressed)}`), 'Current', /^$/],
  ['a Deployment of no pods', deployment('replicas: 0, progressDeadlineSeconds: 600', ''), 'Current', /^$/],

  ['a StatefulSet that was not seen', '{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {}}', 'InProgress', /has not seen it/],
  ['a StatefulSet whose pods a person deletes', statefulSet('updateStrategy: {type: OnDelete}', ''), 'Current', /^$/],
  ['a StatefulSet with too few pods', statefulSet('', 'replicas: 1'), 'InProgress', /1 of 3 pods are made/],
  ['a StatefulSet with unready pods', statefulSet('', 'replicas: 3, readyReplicas: 2'), 'InProgress', /2 of 3 pods are ready/],
  ['a StatefulSet with too many pods', statefulSet('', 'replicas: 4, readyReplicas: 4'), 'InProgress', /1 pods are to go/],
  [
    'a StatefulSet above its partition',
    statefulSet('updateStrategy: {rollingUpdate: {partition: 1}}', 'replicas: 3, readyReplicas: 3, updatedReplicas: 1'),
    'InProgress',
    /1 of 2 pods are new/,
  ],
  [
    'a StatefulSet whose partition is done',
    statefulSet('updateStrategy: {rollingUpdate: {partition: 1}}', 'replicas: 3, readyReplicas: 3, updatedReplicas: 2, currentRevision: a, updateRevision: b'),
    'Current',
    /^$/,
  ],
  [
    'a StatefulSet of two revisions',
    statefulSet('', 'replicas: 3, readyReplicas: 3, currentReplicas: 2, updatedReplicas: 1, currentRevision: a, updateRevision: b'),
    'InProgress',
    /1 of 3 pods are new/,
  ],
  ['a StatefulSet that is ready', statefulSet('', 'replicas: 3, readyReplicas: 3, currentReplicas: 3, currentRevision: a, updateRevision: a'), 'Current', /^$/],

  ['a DaemonSet that was not seen', daemonSet(''), 'InProgress', /has not seen it/],
  [
    'a DaemonSet on too few nodes',
    daemonSet('observedGeneration: 1, desiredNumberScheduled: 2, currentNumberScheduled: 1'),
    'InProgress',
    /1 of 2 nodes have a pod/,
  ],
  [
    'a DaemonSet with old pods',
    daemonSet('observedGeneration: 1, desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 1'),
    'InProgress',
    /1 of 2 pods are new/,
  ],
  [
    'a DaemonSet whose old pods a person deletes',
    daemonSet(
      'observedGeneration: 1, desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 1, numberAvailable: 2, numberReady: 2',
      'updateStrategy: {type: OnDelete}',
    ),
    'Current',
    /^$/,
  ],
  [
    'a DaemonSet with unavailable pods',
    daemonSet('observedGeneration: 1, desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1'),
    'InProgress',
    /1 of 2 pods are ready/,
  ],
  [
    'a DaemonSet with unready pods',
    daemonSet('observedGeneration: 1, desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2, numberReady: 1'),
    'InProgress',
    /1 of 2 pods are ready/,
  ],
  [
    'a DaemonSet that is ready',
    daemonSet('observedGeneration: 1, desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2, numberReady: 2'),
    'Current',
    /^$/,
  ],
  ['a DaemonSet that no node takes', daemonSet('observedGeneration: 1, desiredNumberScheduled: 0'), 'Current', /^$/],

  ['a ReplicaSet whose pods are refused', replicaSet(conditions('type: ReplicaFailure, status: "True", reason: FailedCreate')), 'InProgress', /FailedCreate/],
  ['a ReplicaSet with too few pods', replicaSet('replicas: 1, fullyLabeledReplicas: 1'), 'InProgress', /1 of 2 pods are made/],
  ['a ReplicaSet with unavailable pods', replicaSet('replicas: 2, fullyLabeledReplicas: 2, availableReplicas: 1'), 'InProgress', /1 of 2 pods are ready/],
  [
    'a ReplicaSet with too many pods',
    replicaSet('replicas: 3, fullyLabeledReplicas: 3, availableReplicas: 3, readyReplicas: 3'),
    'InProgress',
    /1 pods are to go/,
  ],
  ['a ReplicaSet that is ready', replicaSet('replicas: 2, fullyLabeledReplicas: 2, availableReplicas: 2, readyReplicas: 2'), 'Current', /^$/],

  ['a Job that waits', job(''), 'InProgress', /waiting for its pod/],
  ['a Job that runs', job('startTime: now, active: 1'), 'InProgress', /^running$/],
  ['a Job that tries again', job('startTime: now, active: 1, failed: 2'), 'InProgress', /running, 2 failed before/],
  ['a Job that is done', job(conditions('type: Complete, status: "True"')), 'Current', /^$/],
  [
    'a Job that failed',
    job(conditions('type: Failed, status: "True", reason: BackoffLimitExceeded, message: too often')),
    'Failed',
    /BackoffLimitExceeded: too often: mend the cause and apply again, which makes it anew/,
  ],
  ['a Job that is about to fail', job(conditions('type: FailureTarget, status: "True", reason: PodFailurePolicy')), 'Failed', /PodFailurePolicy/],
  ['a Job that is suspended', job('', 'suspend: true'), 'Current', /^$/],
  ['a CronJob’s run that waits', cronJobRun('active: 1, ready: 0'), 'InProgress', /^running$/],
  ['a CronJob’s run that runs', cronJobRun('active: 1, ready: 1'), 'Current', /^$/],
  [
    'a CronJob’s run that failed',
    cronJobRun(conditions('type: Failed, status: "True", reason: DeadlineExceeded, message: too long')),
    'Failed',
    /^DeadlineExceeded: too long: mend the cause and apply again: CronJob a makes its next run from that$/,
  ],
  ['a CronJob', '{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {}}', 'Current', /^$/],

  ['a Pod that ended well', pod('phase: Succeeded'), 'Current', /^$/],
  ['a Pod that failed', pod('phase: Failed, reason: Evicted, message: low on memory'), 'Failed', /Evicted: low on memory/],
  ['a Pod that is ready', pod(`phase: Running, ${conditions('type: Ready, status: "True"')}`), 'Current', /^$/],
  [
    'a Pod that no node takes',
    pod(`phase: Pending, ${conditions('type: PodScheduled, status: "False", reason: Unschedulable, message: no room')}`),
    'InProgress',
    /Unschedulable: no room/,
  ],
  [
    'a Pod that is not ready',
    pod(`phase: Running, ${conditions('type: Ready, status: "False", reason: ContainersNotReady')}`),
    'InProgress',
    /ContainersNotReady/,
  ],

  ['a Service with an address that answers', service('selector: {app: a}'), 'Current', /^$/, { endpoints: { ready: 1, all: 2 } }],
  ['a Service whose pods are not ready', service('selector: {app: a}'), 'InProgress', /none of its 2 pods is ready/, { endpoints: { ready: 0, all: 2 } }],
  ['a Service that selects nothing', service('selector: {app: a}'), 'InProgress', /no pod has its labels: app=a/, { endpoints: { ready: 0, all: 0 } }],
  ['a Service that nobody asked about', service('selector: {app: a}'), 'Current', /^$/],
  ['a Service without a selector', service(''), 'Current', /^$/, { endpoints: { ready: 0, all: 0 } }],
  ['a load balancer without an address', service('type: LoadBalancer', 'loadBalancer: {}'), 'InProgress', /has no address yet/],
  ['a load balancer with one', service('type: LoadBalancer', 'loadBalancer: {ingress: [{ip: 192.0.2.1}]}'), 'Current', /^$/],
  ['a name for something outside', service('type: ExternalName, selector: {app: a}'), 'Current', /^$/, { endpoints: { ready: 0, all: 0 } }],

  ['a claim that is bound', claim('phase: Bound'), 'Current', /^$/],
  ['a claim that is not bound', claim('phase: Pending'), 'InProgress', /not bound/],
  ['a claim whose volume is gone', claim('phase: Lost'), 'Failed', /its volume is gone/],
  ['an Ingress', '{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, spec: {}}', 'Current', /^$/],

  ['an autoscaler that was not looked at', autoscaler(''), 'Current', /^$/],
  ['an autoscaler that works', autoscaler(conditions('type: AbleToScale, status: "True", reason: ReadyForNewScale')), 'Current', /^$/],
  [
    'an autoscaler without metrics',
    autoscaler(conditions('type: AbleToScale, status: "True"', 'type: ScalingActive, status: "False", reason: FailedGetResourceMetric')),
    'Current',
    /^$/,
  ],
  [
    'an autoscaler whose target isn’t there',
    autoscaler(conditions('type: AbleToScale, status: "False", reason: FailedGetScale, message: not found')),
    'InProgress',
    /^FailedGetScale: not found$/,
  ],

  ['a definition that is served', definition(conditions('type: NamesAccepted, status: "True"', 'type: Established, status: "True"')), 'Current', /^$/],
  [
    'a definition whose names are taken',
    definition(conditions('type: NamesAccepted, status: "False", reason: ListKindConflict')),
    'Failed',
    /ListKindConflict/,
  ],
  [
    'a definition that is being installed',
    definition(conditions('type: Established, status: "False", reason: Installing')),
    'InProgress',
    /does not serve it yet/,
  ],
  ['a definition that can’t be installed', definition(conditions('type: Established, status: "False", reason: NotAccepted')), 'Failed', /NotAccepted/],
  [
    'a custom object that calls a map its conditions',
    '{apiVersion: example.com/v1, kind: A, metadata: {name: a}, status: {conditions: {ready: true}}}',
    'Current',
    /^$/,
  ],
  ['a custom object with an empty condition', '{apiVersion: example.com/v1, kind: A, metadata: {name: a}, status: {conditions: [null]}}', 'Current', /^$/],
  [
    'a ReplicationController without its pods',
    '{apiVersion: v1, kind: ReplicationController, metadata: {name: a, generation: 1}, spec: {replicas: 2}, status: {observedGeneration: 1, fullyLabeledReplicas: 2, readyReplicas: 1}}',
    'InProgress',
    /0 of 2 pods are ready/,
  ],
  ['a definition that was not seen', definition(''), 'InProgress', /does not serve it yet/],
];

it.each(rows.map((row) => ({ what: row[0], row })))('$what', ({ row: [, yaml, state, message, surroundings = {}] }) => {
  const readiness = readinessOf(parse(yaml) as KubernetesObject, { now: 0, ...surroundings });
  expect(readiness).toEqual({ state, message: expect.stringMatching(message) as string });
});

it('an object that is not there', () => {
  expect(readinessOf(undefined, { now: 0 }).state).toBe('NotFound');
});

import { parse } from 'yaml';
import type { KubernetesObject } from '../manifests/kubernetes-object';
import { quickLook } from './quick-look';

const lookAt = (pod: KubernetesObject) => quickLook(pod, { pods: [pod], replicaSets: [] });

const waiting = (reason: string, message = '', more = '') =>
  `containerStatuses: [{name: app, image: "shop/app:1", ready: false, state: {waiting: {reason: ${reason}, message: '${message}'}}, ${more}}]`;

/** What is seen, the cause, and after how many milliseconds it is certain. */
const rows: readonly (readonly [what: string, status: string, cause: RegExp, certainAfterMs: number])[] = [
  [
    'a container that crashed once',
    waiting('CrashLoopBackOff', '', 'restartCount: 1, lastState: {terminated: {exitCode: 1}}'),
    /container app ends with exit code 1, 2 times/,
    Infinity,
  ],
  [
    'a container that crashes again and again',
    waiting('CrashLoopBackOff', '', 'restartCount: 2, lastState: {terminated: {exitCode: 1}}'),
    /container app ends with exit code 1, 3 times/,
    0,
  ],
  [
    'a container that takes too much memory',
    waiting('CrashLoopBackOff', '', 'restartCount: 3, lastState: {terminated: {exitCode: 137, reason: OOMKilled}}'),
    /more memory than its limit \(OOMKilled\)/,
    0,
  ],
  [
    'a container that a probe kills',
    waiting('CrashLoopBackOff', '', 'restartCount: 3, lastState: {terminated: {exitCode: 137, reason: Error}}'),
    /killed \(exit code 137\): by its liveness or startup probe/,
    0,
  ],
  [
    'an image that the registry doesn’t have',
    waiting('ErrImagePull', 'rpc error: code = NotFound desc = failed to pull and unpack image "x": not found'),
    /the image shop\/app:1 can't be pulled: not found/,
    0,
  ],
  ['an image that is somebody else’s', waiting('ImagePullBackOff', 'Back-off pulling image "x": ErrImagePull: pull access denied'), /pull access denied/, 0],
  ['a registry that is not reached', waiting('ErrImagePull', 'dial tcp: lookup registry.example: no such host'), /no such host/, Infinity],
  ['a registry that refuses connections', waiting('ErrImagePull', 'dial tcp 127.0.0.1:5000: connect: connection refused'), /connection refused/, Infinity],
  ['an image’s name that is none', waiting('InvalidImageName'), /is no name of an image/, 0],
  ['an image that is not on the node', waiting('ErrImageNeverPull'), /not on the node, and its imagePullPolicy is Never/, 0],
  ['a Secret that isn’t there', waiting('CreateContainerConfigError', 'secret "key" not found'), /can't be configured: secret "key" not found/, 30_000],
  ['a node that is behind', waiting('CreateContainerConfigError', 'failed to sync secret cache: timed out'), /failed to sync/, Infinity],
  ['a program that isn’t there', waiting('RunContainerError', 'exec: "nope": executable file not found'), /can't be started: exec: "nope"/, 30_000],
  [
    'a first crash, between two runs',
    'containerStatuses: [{name: app, restartCount: 0, state: {terminated: {exitCode: 2}}}]',
    /container app ends with exit code 2$/,
    Infinity,
  ],
  [
    'an init container that crashes',
    'initContainerStatuses: [{name: init, restartCount: 4, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 3}}}]',
    /container init ends with exit code 3, 5 times/,
    0,
  ],
  [
    'a pod that no node takes',
    'conditions: [{type: PodScheduled, status: "False", message: "0/1 nodes are available: 1 Insufficient cpu."}]',
    /no node takes it: 0\/1 nodes are available/,
    Infinity,
  ],
  ['a pod that failed', 'phase: Failed, reason: DeadlineExceeded', /DeadlineExceeded/, 0],
  ['a pod that was evicted', 'phase: Failed, reason: Evicted, message: low on disk', /Evicted: low on disk/, Infinity],
];

it.each(rows)('%s', (_what, status, cause, certainAfterMs) => {
  const pod = parse(`{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {}, status: {${status}}}`) as KubernetesObject;
  expect(lookAt(pod)[0]).toMatchObject({ cause: expect.stringMatching(cause) as string, certainAfterMs });
});

it.each([
  [
    'a pod that runs well',
    '',
    'phase: Running, containerStatuses: [{name: app, ready: true, restartCount: 2, state: {running: {}}, lastState: {terminated: {exitCode: 1}}}]',
  ],
  ['a pod that is going', 'deletionTimestamp: now', waiting('CrashLoopBackOff')],
  ['a pod that is being made', '', 'phase: Pending, containerStatuses: [{name: app, state: {waiting: {reason: ContainerCreating}}}]'],
])('%s has no problem', (_what, metadata, status) => {
  expect(lookAt(parse(`{apiVersion: v1, kind: Pod, metadata: {name: a, ${metadata}}, spec: {}, status: {${status}}}`) as KubernetesObject)).toEqual([]);
});

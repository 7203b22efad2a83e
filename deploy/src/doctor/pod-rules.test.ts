import { parse } from 'yaml';
import { type KubernetesObject, referenceOf } from '../manifests/kubernetes-object';
import { inProgress } from '../readiness/state';
import { quickLook } from './quick-look';
import { quickRules, verdictsOf } from './rules';
import { emptyScene } from './scene';

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
    'a container that is killed',
    waiting('CrashLoopBackOff', '', 'restartCount: 3, lastState: {terminated: {exitCode: 137, reason: Error}}'),
    /killed \(exit code 137\), 4 times/,
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

describe('a pod that waits for its volumes', () => {
  const metadata = { name: 'a', namespace: 'shop', uid: 'one' };
  const podThat = (phase: string): KubernetesObject => ({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [] }, status: { phase } });
  const warning = (message: string, name = 'a') => ({
    ...{ apiVersion: 'v1', kind: 'Event', metadata: { name: message.slice(0, 20) }, type: 'Warning', reason: 'FailedMount', message },
    involvedObject: { kind: 'Pod', name },
  });
  const seen = (pod: KubernetesObject, ...events: KubernetesObject[]) =>
    verdictsOf({ ...emptyScene, pods: [pod], events, objects: [{ reference: referenceOf(pod), object: pod, readiness: inProgress('') }] }, quickRules);
  const missing = warning('MountVolume.SetUp failed for volume "database" : secret "user-service-database" not found');

  it.each([['a Secret that isn’t there', missing, 'secret-missing', /it needs the Secret user-service-database, which isn't there/]])(
    'is given up for %s after two minutes, in which its authority may make it',
    (_what, given, rule, cause) => {
      const found = seen(podThat('Pending'), given, warning('another’s', 'b'));
      expect(found).toMatchObject([{ rule, cause: expect.stringMatching(cause) as string, certainAfterMs: 120_000 }]);
    },
  );

  const key = (words: string) => warning(`MountVolume.SetUp failed for volume "v" : ${words}`);
  const [mapKey, secretKey] = [key('configmap references non-existent config key: app.yml'), key('references non-existent secret key: app.yml')];
  const projected = (source: string) =>
    `projected: {sources: [{${source}: {name: other, items: [{key: one}]}}, {${source}: {name: settings, items: [{key: app.yml}]}}]}`;
  const podOf = (volume: string) => ({ ...podThat('Pending'), spec: parse(`{containers: [], volumes: [{name: v, ${volume}}]}`) as object });

  it.each([
    ['a ConfigMap', 'configMap: {name: settings}', mapKey, 'config-map-key', /the key "app\.yml" of the ConfigMap settings, which does not have it$/],
    ['a ConfigMap, in the words of before', 'configMap: {name: settings}', key('references non-existent config key: app.yml'), 'config-map-key', /settings/],
    ['a projected ConfigMap', projected('configMap'), mapKey, 'config-map-key', /the key "app\.yml" of the ConfigMap settings, which/],
    ['a Secret', 'secret: {secretName: settings}', secretKey, 'secret-key', /the key "app\.yml" of the Secret settings, which does not have it$/],
    [
      'a projected ConfigMap, among other words',
      projected('configMap'),
      key('[failed to sync configmap cache: timed out waiting for the condition, configmap references non-existent config key: app.yml]'),
      'config-map-key',
      /the key "app\.yml" of the ConfigMap settings, which/,
    ],
    ['a projected Secret', projected('secret'), secretKey, 'secret-key', /the key "app\.yml" of the Secret settings, which/],
  ])('is given up after two minutes for a key that isn’t there, of %s', (_what, volume, given, rule, cause) => {
    const found = seen(podOf(volume), given);
    expect(found).toMatchObject([{ rule, cause: expect.stringMatching(cause) as string, certainAfterMs: 120_000 }]);
    expect(found[0]!.next[0]).toMatch(/^kubectl (get configmap|describe secret) settings -n shop/);
  });

  it.each([
    ['a volume that is another’s', 'emptyDir: {}', mapKey],
    ['a Secret that is another’s', projected('configMap'), secretKey],
    ['other words', 'configMap: {name: settings}', key('references non-existent config key')],
  ])('says nothing of %s', (_what, volume, given) => expect(seen(podOf(volume), given)).toEqual([]));

  it('is not given up for a node that is behind', () =>
    expect(seen(podThat('Pending'), warning('MountVolume.SetUp failed for volume "v" : failed to sync secret cache: timed out'))).toEqual([]));

  it('says nothing of what it has got over', () => expect(seen(podThat('Running'), missing)).toEqual([]));
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

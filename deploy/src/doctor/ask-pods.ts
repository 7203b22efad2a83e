import { ApiError, Unreachable } from '../cluster/api-error';
import type { Cluster } from '../cluster/cluster';
import { inParallel } from '../in-parallel';
import { isObject } from '../manifests/json';
import type { KubernetesObject } from '../manifests/kubernetes-object';
import { conditionOf } from '../readiness/conditions';
import { endingOf, podStatusOf, statusesOf } from './container-status';
import { withoutTimes } from './log-words';
import { containersOf, podSpecOf, portNumber } from '../manifests/pod-spec';
import { podsNowOf, workloadsOf } from './pod-findings';
import { permitted } from './permitted';
import { type Health, logKey, portKey, type Scene, type Unseen } from './scene';
import { settledHealth } from './settled-health';
import { askedPods, hasOwnAddress, hasSelector, serviceSpecOf, takesTcp, targetOf } from './services';

/** What is asked at most: of a large stack with much wrong, the first tell enough. The logs of what ended come before those of what runs on. */
const mostLogs = 32;
const mostPods = 24;
const mostDoors = 48;

/** The end of a log that is read: many lines, because requests are logged too. */
const logLines = 200;
const logBytes = 128 * 1024;

/** Milliseconds for a pod's own answer. */
const answerMs = 1_500;

/** What pods say: of their readiness, at their ports, and in their logs. */
export async function askPods(cluster: Cluster, scene: Scene, unseen: Unseen[]): Promise<Pick<Scene, 'logs' | 'lastSaid' | 'health' | 'closedPorts'>> {
  const pods = workloadsOf(scene).flatMap((workload) => podsNowOf(workload, scene).slice(0, 2));
  const [health, closedPorts] = await Promise.all([readHealth(cluster, pods.slice(0, mostPods), scene, unseen), knock(cluster, scene, unseen)]);
  return { health, closedPorts, ...(await readLogs(cluster, pods, health, scene.now, unseen)) };
}

/** Asks what a kubelet asks: the path of the readiness probe. */
async function readHealth(cluster: Cluster, pods: readonly KubernetesObject[], scene: Scene, unseen: Unseen[]): Promise<ReadonlyMap<string, Health>> {
  const asked = pods
    .filter((pod) => podStatusOf(pod).phase === 'Running' && podStatusOf(pod).podIP !== undefined)
    .flatMap((pod) => {
      const [container] = containersOf(podSpecOf(pod)).filter(({ readinessProbe }) => readinessProbe?.httpGet);
      const { path = '/', port, scheme } = container?.readinessProbe?.httpGet ?? {};
      const number = port === undefined ? undefined : portNumber(container!, port);
      const isUp = statusesOf(pod).some(({ name, state }) => name === container?.name && state?.running);
      return number === undefined || scheme === 'HTTPS' || !isUp ? [] : [{ pod, path, port: number }];
    });
  const answers = await inParallel(asked, async ({ pod, path, port }) => [pod, healthOf(await answerOf(cluster, pod, port, path, unseen))] as const);
  return new Map(answers.flatMap(([pod, health]) => (health === undefined ? [] : [[pod.metadata.uid!, settledHealth(health, pod, scene)] as const])));
}

/** What a pod answers, whatever the status; nothing when it doesn't. */
async function answerOf(cluster: Cluster, pod: KubernetesObject, port: number, path: string, unseen: Unseen[]): Promise<unknown> {
  const { namespace = '', name } = pod.metadata;
  const call = {
    method: 'GET',
    path: `/api/v1/namespaces/${namespace}/pods/${name}:${port}/proxy${path}`,
    accept: '*/*',
    repeatable: false,
    timeoutMs: answerMs,
  } as const;
  try {
    return await permitted(unseen, { verb: 'get', resource: 'pods/proxy', namespace }, async () => (await cluster.connection.call(call)).body);
  } catch (error) {
    if (error instanceof ApiError) return error.body ?? error.message;
    if (error instanceof Unreachable) return undefined;
    throw error;
  }
}

function healthOf(answer: unknown): Health | undefined {
  const value: unknown = typeof answer === 'string' ? parsed(answer) : answer;
  if (!isObject(value) || typeof value['status'] !== 'string' || !isObject(value['checks'])) return undefined;
  const checks = Object.entries(value['checks']).flatMap(([name, check]) => {
    if (!isObject(check) || typeof check['status'] !== 'string') return [];
    return [[name, { status: check['status'], ...(typeof check['detail'] === 'string' ? { detail: check['detail'] } : {}) }] as const];
  });
  return { status: value['status'], checks: Object.fromEntries(checks) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Knocks by TCP at ports to which Services lead and that no container says it has: a container needs not say it. */
async function knock(cluster: Cluster, scene: Scene, unseen: Unseen[]): Promise<ReadonlyMap<string, string>> {
  const doors = scene.objects.flatMap(({ object: service }) => {
    if (service?.kind !== 'Service' || !hasSelector(service) || !hasOwnAddress(service)) return [];
    return askedPods(service, scene).flatMap((pod) => {
      const declared = containersOf(podSpecOf(pod)).flatMap(({ ports = [] }) => ports.map(({ containerPort }) => containerPort));
      const targets = (serviceSpecOf(service).ports ?? []).filter(takesTcp).map((port) => targetOf(port, pod));
      return targets.flatMap((port) => (port === undefined || declared.includes(port) ? [] : [{ pod, port }]));
    });
  });
  const answers = await inParallel(
    doors.slice(0, mostDoors),
    async ({ pod, port }) => [portKey(pod, port), await answerOf(cluster, pod, port, '/', unseen)] as const,
  );
  return new Map(
    answers.flatMap(([key, answer]) =>
      typeof answer === 'string' && /^error trying to reach service: .*connection refused/.test(answer) ? [[key, answer] as const] : [],
    ),
  );
}

async function readLogs(
  cluster: Cluster,
  pods: readonly KubernetesObject[],
  health: ReadonlyMap<string, Health>,
  now: number,
  unseen: Unseen[],
): Promise<Pick<Scene, 'logs' | 'lastSaid'>> {
  const wanted = pods.flatMap((pod) => {
    const isWell = conditionOf(pod, 'Ready', 'True') !== undefined && (health.get(pod.metadata.uid ?? '')?.status ?? 'ok') === 'ok';
    return statusesOf(pod).flatMap((status) => {
      const ending = endingOf(status, now);
      if (ending !== undefined) return [{ pod, container: status.name, previous: ending.isPrevious, hasEnded: true }];
      return !isWell && status.state?.running ? [{ pod, container: status.name, previous: false, hasEnded: false }] : [];
    });
  });
  const endedFirst = wanted.toSorted((one, other) => Number(other.hasEnded) - Number(one.hasEnded));
  const logs = await inParallel(endedFirst.slice(0, mostLogs), async ({ pod, container, previous }) => {
    return { key: logKey(pod, container, previous), ...withoutTimes(await readLog(cluster, pod, container, previous, unseen)) };
  });
  return { logs: new Map(logs.map(({ key, text }) => [key, text])), lastSaid: new Map(logs.map(({ key, lastAt }) => [key, lastAt])) };
}

/** Of a container whose log is gone already that of the run beside it. */
async function readLog(cluster: Cluster, pod: KubernetesObject, container: string, previous: boolean, unseen: Unseen[]): Promise<string> {
  const log = await readRun(cluster, pod, container, previous, unseen);
  return log === '' ? readRun(cluster, pod, container, !previous, unseen) : log;
}

async function readRun(
  cluster: Cluster,
  { metadata: { namespace = '', name } }: KubernetesObject,
  container: string,
  previous: boolean,
  unseen: Unseen[],
): Promise<string> {
  const query = { container, tailLines: String(logLines), timestamps: 'true', limitBytes: String(logBytes), ...(previous ? { previous: 'true' } : {}) };
  const call = {
    method: 'GET',
    path: `/api/v1/namespaces/${namespace}/pods/${name}/log`,
    query,
    accept: '*/*',
    repeatable: false,
    timeoutMs: answerMs,
  } as const;
  try {
    const body = await permitted(unseen, { verb: 'get', resource: 'pods/log', namespace }, async () => (await cluster.connection.call<unknown>(call)).body);
    // the kubelet says so where a log should be
    return typeof body === 'string' && !/^unable to retrieve container logs for /.test(body) ? body : '';
  } catch {
    // a container that is gone, or a node that doesn't answer: the rest tells
    return '';
  }
}

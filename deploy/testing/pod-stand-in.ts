import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../src/cluster/cluster';
import type { Resource } from '../src/cluster/discovery';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';

const pods: Resource = { apiVersion: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };
const nodes: Resource = { apiVersion: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };
const leases: Resource = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases', namespaced: true };

interface Container {
  readonly name: string;
  readonly image: string;
}

const nodeName = 'stand-in';

/**
 * Stands in for a node where there is none: takes every pod and writes its status, as if its containers had run well for a minute; those of a Job end.
 * The image `broken` crashes, the image `slow` never comes.
 */
export class PodStandIn {
  private stopped = false;
  private readonly loop: Promise<void>;
  private lastSign = 0;

  constructor(private readonly cluster: Cluster) {
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      await this.giveSign().catch(() => undefined);
      const all = await this.cluster.list(pods).catch(() => []);
      for (const pod of all) await this.see(pod).catch(() => undefined);
      await sleep(50);
    }
  }

  /** A node that says nothing for 40 s is taken for dead, and its pods with it. */
  private async giveSign(): Promise<void> {
    if (performance.now() - this.lastSign < 5_000 && this.lastSign > 0) return;
    this.lastSign = performance.now();
    const now = new Date().toISOString();
    await this.cluster.apply({ resource: nodes, name: nodeName }, { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName } });
    const ready = { type: 'Ready', status: 'True', reason: 'StandIn', lastHeartbeatTime: seconds(now), lastTransitionTime: seconds(now) };
    await this.patch(`/api/v1/nodes/${nodeName}/status`, { status: { conditions: [ready] } });
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: nodeName },
      spec: { holderIdentity: nodeName, leaseDurationSeconds: 40, renewTime: now.replace('Z', '000Z') },
    };
    await this.cluster.apply({ resource: leases, namespace: 'kube-node-lease', name: nodeName }, lease, { force: true });
  }

  private async see(pod: KubernetesObject): Promise<void> {
    const { namespace, name, deletionTimestamp } = pod.metadata;
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
    const { connection } = this.cluster;
    if (deletionTimestamp !== undefined)
      return void (await connection.call({ method: 'DELETE', path, body: { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 } }));
    if (!isNew(pod) || JSON.stringify(pod.spec).includes('slow')) return;
    const target = { apiVersion: 'v1', kind: 'Node', name: nodeName };
    if ((pod.spec as { nodeName?: string }).nodeName === undefined)
      await connection.call({ method: 'POST', path: `${path}/binding`, body: { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target } });
    await this.patch(`${path}/status`, { status: statusOf(pod) });
  }

  private patch(path: string, body: object): Promise<unknown> {
    return this.cluster.connection.call({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json' });
  }
}

/** Without fractions of a second, as most times of the API are. */
function seconds(time: string): string {
  return time.replace(/\.\d+Z/, 'Z');
}

function isNew({ status }: KubernetesObject): boolean {
  return (status as { phase?: string } | undefined)?.phase === 'Pending' && !(status as { startTime?: string }).startTime;
}

function statusOf(pod: KubernetesObject): object {
  const { containers } = pod.spec as { containers: readonly Container[] };
  const now = seconds(new Date().toISOString());
  const isOfJob = pod.metadata.ownerReferences?.some(({ kind }) => kind === 'Job') === true;
  const isBroken = containers.some(({ image }) => image.includes('broken'));
  const ready = isBroken || isOfJob ? 'False' : 'True';
  return {
    phase: isOfJob ? (isBroken ? 'Failed' : 'Succeeded') : 'Running',
    startTime: now,
    ...(isOfJob ? {} : addressOf(pod)),
    conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
      type,
      status: type === 'PodScheduled' || type === 'Initialized' ? 'True' : ready,
      lastTransitionTime: now,
    })),
    containerStatuses: containers.map(({ name, image }) => ({ name, image, imageID: image, ready: ready === 'True', ...stateOf(isBroken, isOfJob, now) })),
  };
}

/** An address of its own, as a network would give: a Service counts only pods that have one. */
function addressOf({ metadata: { uid = '' } }: KubernetesObject): object {
  const [second, third, fourth] = [0, 2, 4].map((at) => parseInt(uid.slice(at, at + 2), 16));
  const podIP = `10.${second}.${third}.${fourth}`;
  return { podIP, podIPs: [{ ip: podIP }] };
}

function stateOf(isBroken: boolean, isOfJob: boolean, now: string): object {
  const terminated = { exitCode: isBroken ? 1 : 0, reason: isBroken ? 'Error' : 'Completed', startedAt: now, finishedAt: now };
  if (isOfJob) return { restartCount: 0, state: { terminated } };
  if (isBroken) return { restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated } };
  return { restartCount: 0, state: { running: { startedAt: seconds(new Date(Date.parse(now) - 60_000).toISOString()) } } };
}

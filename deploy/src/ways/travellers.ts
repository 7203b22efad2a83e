import type { Socket } from 'node:net';
import type { KubernetesObject } from '../manifests/kubernetes-object';
import { type Place, takesConnections } from './service-port';

/** Milliseconds between two looks at the pods that connections lead to. */
const lookMs = 1_000;

/** Milliseconds without a byte after which a connection to a pod that goes away is closed, so that its client opens another one. */
const idleMs = 500;

interface Traveller {
  readonly socket: Socket;
  /** The uid of the pod: another one may have its name. */
  pod?: string;
  /** Bytes that were seen at the last look, and when they had changed. */
  bytes: number;
  busyAt: number;
}

/** The connections that are under way, and which pods they lead to. */
export class Travellers {
  private readonly all = new Map<Socket, Traveller>();
  private timer: NodeJS.Timeout | undefined;
  private isOver = false;

  /** @param findPods - the pods that there are now */
  constructor(private readonly findPods: () => Promise<readonly KubernetesObject[]>) {}

  enter(socket: Socket): void {
    this.all.set(socket, { socket, bytes: 0, busyAt: performance.now() });
    socket.once('close', () => this.all.delete(socket));
    this.timer ??= setTimeout(() => void this.look(), lookMs);
  }

  isIn(socket: Socket, { uid }: Place): void {
    const traveller = this.all.get(socket);
    if (traveller !== undefined) traveller.pod = uid;
  }

  /** Of several places, one with the fewest connections. */
  leastBusy(places: readonly Place[]): Place {
    const counts = new Map<string | undefined, number>();
    for (const { pod } of this.all.values()) counts.set(pod, (counts.get(pod) ?? 0) + 1);
    return [...places].sort((one, other) => (counts.get(one.uid) ?? 0) - (counts.get(other.uid) ?? 0))[0]!;
  }

  /** Ends them all. */
  dismiss(): void {
    this.isOver = true;
    clearTimeout(this.timer);
    for (const socket of this.all.keys()) socket.destroy();
  }

  /** A pod that vanishes with its node closes nothing, and one that ends closes what is idle only at its end. */
  private async look(): Promise<void> {
    const pods = await this.findPods().catch(() => undefined);
    const byUid = pods && new Map(pods.map((pod) => [pod.metadata.uid!, pod]));
    if (byUid !== undefined) for (const traveller of this.all.values()) this.judge(traveller, byUid);
    this.timer = this.isOver || this.all.size === 0 ? undefined : setTimeout(() => void this.look(), lookMs);
  }

  private judge(traveller: Traveller, pods: ReadonlyMap<string, KubernetesObject>): void {
    const { socket, pod: uid } = traveller;
    const bytes = socket.bytesRead + socket.bytesWritten;
    if (bytes !== traveller.bytes) [traveller.bytes, traveller.busyAt] = [bytes, performance.now()];
    if (uid === undefined) return;
    const pod = pods.get(uid);
    if (pod === undefined) socket.destroy();
    else if (!takesConnections(pod) && performance.now() - traveller.busyAt > idleMs) socket.end();
  }
}

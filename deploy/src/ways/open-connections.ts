import type { Socket } from 'node:net';
import type { KubernetesObject } from '../manifests/kubernetes-object';
import { type Place, takesConnections } from './service-port';

/** Milliseconds between two looks at the pods that connections lead to. */
const lookMs = 1_000;

/** Milliseconds without a byte after which a connection to a pod that goes away is closed, so that its client opens another one. */
const idleMs = 500;

interface OpenConnection {
  readonly socket: Socket;
  /** The uid of the pod: another one may have its name. */
  pod?: string;
  /** Bytes that were seen at the last look, and when they had changed. */
  bytes: number;
  busyAt: number;
}

/** The connections that are under way, and which pods they lead to. */
export class OpenConnections {
  private readonly all = new Map<Socket, OpenConnection>();
  private timer: NodeJS.Timeout | undefined;
  private isOver = false;

  /** @param findPods - the pods that there are now */
  constructor(private readonly findPods: () => Promise<readonly KubernetesObject[]>) {}

  add(socket: Socket): void {
    this.all.set(socket, { socket, bytes: 0, busyAt: performance.now() });
    socket.once('close', () => this.all.delete(socket));
    this.timer ??= setTimeout(() => void this.look(), lookMs);
  }

  leadsTo(socket: Socket, { uid }: Place): void {
    const connection = this.all.get(socket);
    if (connection !== undefined) connection.pod = uid;
  }

  /** Of several places, one with the fewest connections. */
  leastBusy(places: readonly Place[]): Place {
    const counts = new Map<string | undefined, number>();
    for (const { pod } of this.all.values()) counts.set(pod, (counts.get(pod) ?? 0) + 1);
    return [...places].sort((one, other) => (counts.get(one.uid) ?? 0) - (counts.get(other.uid) ?? 0))[0]!;
  }

  /** Ends them all. */
  endAll(): void {
    this.isOver = true;
    clearTimeout(this.timer);
    for (const socket of this.all.keys()) socket.destroy();
  }

  /** A pod that vanishes with its node closes nothing, and one that ends closes what is idle only at its end. */
  private async look(): Promise<void> {
    const pods = await this.findPods().catch(() => undefined);
    const byUid = pods && new Map(pods.map((pod) => [pod.metadata.uid!, pod]));
    if (byUid !== undefined) for (const connection of this.all.values()) this.judge(connection, byUid);
    this.timer = this.isOver || this.all.size === 0 ? undefined : setTimeout(() => void this.look(), lookMs);
  }

  private judge(connection: OpenConnection, pods: ReadonlyMap<string, KubernetesObject>): void {
    const { socket, pod: uid } = connection;
    const bytes = socket.bytesRead + socket.bytesWritten;
    if (bytes !== connection.bytes) [connection.bytes, connection.busyAt] = [bytes, performance.now()];
    if (uid === undefined) return;
    const pod = pods.get(uid);
    if (pod === undefined) socket.destroy();
    else if (!takesConnections(pod) && performance.now() - connection.busyAt > idleMs) socket.end();
  }
}

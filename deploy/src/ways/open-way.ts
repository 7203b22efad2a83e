import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, Unreachable } from '../cluster/api-error';
import type { Cluster } from '../cluster/cluster';
import { forwardSocket, NothingListens } from '../cluster/port-forward';
import { Rewindable } from '../cluster/rewindable';
import { CommandError, UsageError } from '../exit-codes';
import { findService, type Place, podsBehind, portIn, portOf, schemeOf, type Service, takesConnections } from './service-port';
import { OpenConnections } from './open-connections';

/** Which Service a way leads to. */
export interface WayTarget {
  readonly namespace: string;
  readonly service: string;
  /** One of the Service's ports, by name or number. @default the one that speaks HTTP, else the only one */
  readonly port?: string;
}

/** How a way is opened. */
export interface WayOptions {
  /** The port on this machine. @default that of the pods, else that of the Service, else any that is free */
  readonly localPort?: number;
  /** Milliseconds that a connection waits for a ready pod. @default 30000 */
  readonly waitMs?: number;
  /** Told of each connection that got nowhere, or broke, in a sentence. */
  readonly onFault?: (sentence: string) => void;
}

/** A way from this machine to the ready pods of a Service. */
export interface Way {
  /** Such as `http://127.0.0.1:8001`; with `tcp` where the port doesn't speak HTTP. */
  readonly url: string;
  /** The port on this machine that was wanted first; {@link url} has another one where it was taken. */
  readonly wantedPort: number;
  /** Ends every connection. */
  close(): Promise<void>;
}

const defaultWaitMs = 30_000;

/** Milliseconds between two looks for a ready pod. */
const lookMs = 250;

/**
 * Listens on 127.0.0.1 and leads each connection to a ready pod of a Service, looked up anew for each; while there is none, it waits for one. So it
 * outlives every pod. Nothing is written to the cluster.
 *
 * @throws UsageError when the Service or the port isn't there, or the wanted port of this machine is taken
 */
export async function openWay(cluster: Cluster, target: WayTarget, options: WayOptions = {}): Promise<Way> {
  const service = await serviceOf(cluster, target);
  const servicePort = portOf(service, target.port);
  const pods = await podsBehind(cluster, service);
  const inPods = pods.flatMap((pod) => portIn(pod, servicePort) ?? []).at(-1)?.port;
  const connections = new OpenConnections(async () => podsBehind(cluster, await serviceOf(cluster, target)));
  const waitMs = options.waitMs ?? defaultWaitMs;
  const carry = (socket: Socket) => carried(cluster, target, socket, connections, waitMs);
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    // how it ended its own side is no fault of the way
    socket.on('error', () => undefined);
    void carry(socket).catch((error: unknown) => {
      if (!socket.destroyed) socket.resetAndDestroy();
      options.onFault?.(`${target.namespace}/${target.service}: ${(error as Error).message}`);
    });
  });
  const wanted = options.localPort === undefined ? [...(inPods === undefined ? [] : [inPods]), servicePort.port, 0] : [options.localPort];
  const port = await listening(server, wanted);
  return {
    url: `${schemeOf(servicePort) ?? 'tcp'}://127.0.0.1:${port}`,
    wantedPort: wanted[0]!,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      connections.endAll();
      await closed;
    },
  };
}

/** @throws UsageError when it isn't there, or has no pods of its own */
async function serviceOf(cluster: Cluster, { namespace, service }: WayTarget): Promise<Service> {
  const found = await findService(cluster, namespace, service);
  if (found === undefined) throw new UsageError(`Service/${namespace}/${service} isn't there: is it deployed to this cluster?`);
  if (Object.keys(found.spec.selector ?? {}).length === 0) throw new UsageError(`Service/${namespace}/${service} selects no pods, so no way leads there`);
  return found;
}

async function listening(server: Server, [wanted = 0, ...others]: readonly number[]): Promise<number> {
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(wanted, '127.0.0.1', () => resolve(void server.off('error', reject))));
    return (server.address() as AddressInfo).port;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (others.length > 0) return listening(server, others);
    throw new UsageError(`127.0.0.1:${wanted} can't be listened on (${code}): choose another port with --port`, { cause: error });
  }
}

/** Leads one connection, to another pod where one took nothing of it. */
async function carried(cluster: Cluster, target: WayTarget, socket: Socket, connections: OpenConnections, waitMs: number): Promise<void> {
  const bytes = new Rewindable(socket);
  const until = performance.now() + waitMs;
  connections.add(socket);
  for (;;) {
    const place = await readyPlace(cluster, target, connections, socket, until);
    if (place === undefined) return;
    try {
      connections.leadsTo(socket, place);
      return await forwardSocket(cluster.connection, place, socket, bytes);
    } catch (error) {
      if (socket.destroyed) return;
      if (!tookNothing(error) || !bytes.canRewind || performance.now() > until) throw error;
    }
    await sleep(lookMs);
  }
}

/** Whether another try may do what this one didn't: the pod went away, or doesn't listen yet. */
function tookNothing(error: unknown): boolean {
  return error instanceof NothingListens || error instanceof Unreachable || (error instanceof ApiError && (error.isNotFound || error.code >= 500));
}

/** Where a connection leads; nothing when its client doesn't wait any more. @throws CommandError when there is no ready pod in time */
async function readyPlace(cluster: Cluster, target: WayTarget, connections: OpenConnections, socket: Socket, until: number): Promise<Place | undefined> {
  for (let last: unknown; !socket.destroyed; await sleep(lookMs)) {
    try {
      const service = await serviceOf(cluster, target);
      const ready = (await podsBehind(cluster, service)).filter(takesConnections);
      const places = ready.flatMap((pod) => portIn(pod, portOf(service, target.port)) ?? []);
      if (places.length > 0) return connections.leastBusy(places);
    } catch (error) {
      if (error instanceof ApiError && error.code === 403) throw error;
      last = error;
    }
    if (performance.now() > until) throw new CommandError('no pod of it became ready in time: berth status says why', undefined, { cause: last });
  }
  return undefined;
}

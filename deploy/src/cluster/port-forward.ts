import type { Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { CommandError } from '../exit-codes';
import type { Connection } from './connection';
import { writeBytes } from './write-bytes';

/** A port of a pod. */
export interface PortLocation {
  readonly namespace: string;
  readonly pod: string;
  /** From 1 to 65535. */
  readonly port: number;
}

/** Of each forwarded port: its bytes, and what went wrong. https://github.com/kubernetes/kubernetes/blob/v1.34.0/staging/src/k8s.io/kubelet/pkg/cri/streaming/portforward/websocket.go */
const channel = { data: 0, error: 1 } as const;

/** Each channel begins with its port. */
const prefixBytes = 2;

/**
 * Joins a socket of this machine to a port of a pod, until one of them ends; then both are.
 *
 * @throws ApiError, Unreachable; CommandError when nothing listens there
 */
export async function forwardSocket(connection: Connection, { namespace, pod, port }: PortLocation, socket: Socket): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/portforward`;
  const query = new URLSearchParams({ ports: String(port) });
  const stream = await connection.streams.channels({ path, query }, ['v4.channel.k8s.io']);
  socket.once('close', () => stream.destroy());
  try {
    await Promise.all([send(stream, socket), receive(stream, socket)]);
  } catch (error) {
    // the caller's socket is closed by its own end: nobody waits for the rest
    if (!socket.destroyed)
      throw error instanceof CommandError ? error : new CommandError(`the way to Pod/${namespace}/${pod} broke`, undefined, { cause: error });
  } finally {
    stream.destroy();
    socket.destroy();
  }
}

async function send(stream: Duplex, socket: Readable): Promise<void> {
  for await (const bytes of socket) await writeBytes(stream, Buffer.concat([Buffer.of(channel.data), bytes as Buffer]));
}

async function receive(stream: Duplex, socket: Socket): Promise<void> {
  const begun = new Set<number>();
  for await (const message of stream as AsyncIterable<Buffer>) {
    const [number = 0] = message;
    const bytes = message.subarray(begun.has(number) ? 1 : 1 + prefixBytes);
    begun.add(number);
    if (number === channel.error && bytes.length > 0) throw new CommandError(bytes.toString().trim());
    if (number === channel.data && bytes.length > 0) await writeBytes(socket, bytes);
  }
  socket.end();
}

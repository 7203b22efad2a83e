import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { CommandError } from '../exit-codes';
import type { Connection } from './connection';
import { Rewindable } from './rewindable';
import { writeBytes } from './write-bytes';

/** A port of a pod. */
export interface PortLocation {
  readonly namespace: string;
  readonly pod: string;
  /** From 1 to 65535. */
  readonly port: number;
}

/** Nothing answered at a pod's port: not a byte came back, and none was taken. */
export class NothingListens extends CommandError {
  override readonly name = 'NothingListens';
}

/** Of each forwarded port: its bytes, and what went wrong. https://github.com/kubernetes/kubernetes/blob/v1.34.0/staging/src/k8s.io/kubelet/pkg/cri/streaming/portforward/websocket.go */
const channel = { data: 0, error: 1 } as const;

/** Each channel begins with its port. */
const prefixBytes = 2;

/** Milliseconds without a byte after which a client that has said all that it will is not waited for any more: the pod is not told of it. */
const lingerMs = 10_000;

/**
 * Joins a socket of this machine to a port of a pod, until one of them ends; then both are.
 *
 * @param bytes - what the socket says, where there may be another try
 * @throws ApiError, Unreachable, NothingListens: the socket is open still; CommandError when the way breaks later
 */
export async function forwardSocket(
  connection: Connection,
  { namespace, pod, port }: PortLocation,
  socket: Socket,
  bytes = new Rewindable(socket),
): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/portforward`;
  const query = new URLSearchParams({ ports: String(port) });
  const stream = await connection.streams.channels({ path, query }, ['v4.channel.k8s.io']);
  const drop = () => stream.destroy();
  socket.once('close', drop);
  if (socket.destroyed) drop();
  bytes.rewind();
  try {
    await Promise.all([send(stream, socket, bytes), receive(stream, socket, bytes)]);
    socket.destroy();
  } catch (error) {
    if (error instanceof NothingListens) throw error;
    // the caller's socket is closed by its own end: nobody waits for the rest
    const isOurs = socket.destroyed;
    socket.destroy();
    if (!isOurs) throw new CommandError(`the way to Pod/${namespace}/${pod} broke`, undefined, { cause: error });
  } finally {
    socket.off('close', drop);
    stream.destroy();
  }
}

async function send(stream: Duplex, socket: Socket, bytes: Rewindable): Promise<void> {
  for (let piece; (piece = await bytes.next(() => stream.destroyed)) !== undefined;) await writeBytes(stream, Buffer.concat([Buffer.of(channel.data), piece]));
  if (!stream.destroyed) socket.setTimeout(lingerMs, () => socket.destroy());
}

async function receive(stream: Duplex, socket: Socket, bytes: Rewindable): Promise<void> {
  const begun = new Set<number>();
  for await (const message of stream as AsyncIterable<Buffer>) {
    const [number = 0] = message;
    const piece = message.subarray(begun.has(number) ? 1 : 1 + prefixBytes);
    begun.add(number);
    if (number === channel.error && piece.length > 0) throw faultOf(piece.toString().trim());
    if (number !== channel.data || piece.length === 0) continue;
    bytes.forget();
    await writeBytes(socket, piece);
  }
  socket.end();
}

/** The node's words for a port at which nobody took the connection. */
function faultOf(said: string): CommandError {
  return /connection refused|failed to (connect|dial)/i.test(said) ? new NothingListens(said) : new CommandError(said);
}

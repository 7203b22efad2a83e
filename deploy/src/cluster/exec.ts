import type { Duplex, Readable, Writable } from 'node:stream';
import { CommandError } from '../exit-codes';
import type { Connection } from './connection';
import { writeBytes } from './write-bytes';

/** A container of a pod. */
export interface ContainerLocation {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** Where a command's bytes come from and go to. */
export interface ExecStreams {
  /**
   * Sent to its end, which the command sees. One that ends before it has read it all is never told to have ended, by any client: let it read the rest, as
   * in `sh -c 'restore; code=$?; cat >/dev/null; exit $code'`.
   *
   * @default none: its stdin is empty
   */
  readonly stdin?: Readable;
  /** Gets what it prints; it is not ended. */
  readonly stdout: Writable;
  /** Ends the connection; the command may run on. */
  readonly signal?: AbortSignal;
}

/** How a command ended. */
export interface ExecResult {
  readonly exitCode: number;
  /** The first 64 KiB of what it complained of. */
  readonly stderr: string;
}

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#remotecommand-protocol */
const channel = { stdin: 0, stdout: 1, stderr: 2, status: 3, close: 255 } as const;

/** Only it can say that the input has ended: Kubernetes 1.30 and newer. */
const closingProtocol = 'v5.channel.k8s.io';

const longestComplaint = 64 * 1024;

/**
 * Runs a command in a container and waits for its end.
 *
 * @throws ApiError, Unreachable; CommandError when the connection breaks before the command has ended
 */
export async function exec(connection: Connection, where: ContainerLocation, command: readonly string[], streams: ExecStreams): Promise<ExecResult> {
  const { namespace, pod, container } = where;
  const query = new URLSearchParams({ container, stdout: 'true', stderr: 'true', ...(streams.stdin && { stdin: 'true' }) });
  for (const word of command) query.append('command', word);
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/exec`;
  const stream = await connection.streams.channels({ path, query }, streams.stdin ? [closingProtocol] : [closingProtocol, 'v4.channel.k8s.io']);
  const cut = () => void stream.destroy();
  if (streams.signal?.aborted) cut();
  streams.signal?.addEventListener('abort', cut);
  // a command may end before it has read everything, and its end is what counts
  const sending = streams.stdin && send(stream, streams.stdin).catch(cut);
  try {
    return await receive(stream, streams.stdout, where);
  } finally {
    streams.signal?.removeEventListener('abort', cut);
    stream.destroy();
    streams.stdin?.destroy();
    await sending;
  }
}

async function send(stream: Duplex, stdin: Readable): Promise<void> {
  for await (const bytes of stdin) await writeBytes(stream, Buffer.concat([Buffer.of(channel.stdin), bytes as Buffer]));
  await writeBytes(stream, Buffer.of(channel.close, channel.stdin));
}

async function receive(stream: Duplex, stdout: Writable, { namespace, pod }: ContainerLocation): Promise<ExecResult> {
  const said = { stderr: '', status: undefined as string | undefined };
  let cause: unknown;
  try {
    await readAll(stream, stdout, said);
  } catch (error) {
    cause = error;
  }
  if (said.status !== undefined) return { exitCode: exitCodeOf(said.status), stderr: said.stderr };
  const complaint = said.stderr === '' ? '' : `; it had said: ${said.stderr.trim()}`;
  throw new CommandError(`the connection to Pod/${namespace}/${pod} broke before the command in it had ended: run it again${complaint}`, undefined, { cause });
}

async function readAll(stream: Duplex, stdout: Writable, said: { stderr: string; status: string | undefined }): Promise<void> {
  for await (const message of stream as AsyncIterable<Buffer>) {
    const bytes = message.subarray(1);
    if (message[0] === channel.stdout && bytes.length > 0) await writeBytes(stdout, bytes);
    else if (message[0] === channel.stderr && said.stderr.length < longestComplaint) said.stderr += bytes.toString();
    else if (message[0] === channel.status) return void (said.status = bytes.toString());
  }
}

/** The status is an object of the API. @throws CommandError when the command could not be started */
function exitCodeOf(text: string): number {
  const status = JSON.parse(text) as { status?: string; reason?: string; message?: string; details?: { causes?: { reason?: string; message?: string }[] } };
  if (status.status === 'Success') return 0;
  const code = status.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  if (status.reason === 'NonZeroExitCode' && code !== undefined) return Number(code);
  throw new CommandError(`the command could not be run: ${status.message ?? text}`);
}

import { PassThrough, type Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Cluster } from '../cluster/cluster';
import { type ContainerLocation, exec } from '../cluster/exec';
import { CommandError } from '../exit-codes';

/** How a command is run. */
export interface RunOptions {
  readonly stdin?: Readable;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Runs a command in a container, and gives what it printed. @throws CommandError with what it complained of when it fails */
export async function runIn(cluster: Cluster, where: ContainerLocation, command: readonly string[], options: RunOptions): Promise<string> {
  return streamFrom(cluster, where, command, options, async (chunks) => (await buffer(chunks)).toString());
}

/** Runs a command in a container while somebody reads what it prints. What was read counts only when this returns. */
export async function streamFrom<Result>(
  cluster: Cluster,
  where: ContainerLocation,
  command: readonly string[],
  { stdin, signal }: RunOptions,
  read: (chunks: PassThrough) => Promise<Result>,
): Promise<Result> {
  const stdout = new PassThrough();
  const ends = new AbortController();
  const stopped = AbortSignal.any([signal, ends.signal]);
  const running = exec(cluster.connection, where, command, { stdout, signal: stopped, ...(stdin && { stdin }) }).finally(() => stdout.end());
  const reading = read(stdout).catch((error: unknown) => {
    ends.abort();
    stdout.destroy();
    throw error;
  });
  const [ran, was] = await Promise.allSettled([running, reading]);
  if (signal.aborted) throw new CommandError('stopped: nothing that was begun counts; run the command again');
  // whoever can't write what came ends the command, which then says less
  if (was.status === 'rejected' && ran.status === 'rejected' && ends.signal.aborted) throw was.reason;
  if (ran.status === 'rejected') throw ran.reason;
  if (ran.value.exitCode !== 0) throw new CommandError(complaint(where, ran.value.exitCode, ran.value.stderr));
  if (was.status === 'rejected') throw was.reason;
  return was.value;
}

function complaint({ namespace, pod }: ContainerLocation, exitCode: number, stderr: string): string {
  const said = stderr.trim();
  return `Pod/${namespace}/${pod}: ${said === '' ? `the command ended with exit code ${exitCode}` : said}`;
}

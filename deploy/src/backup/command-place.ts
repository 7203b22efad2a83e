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

/** How a command ended. */
export interface CommandEnd {
  readonly exitCode: number;
  readonly stderr: string;
}

/** Where commands are run: next to a store. */
export interface CommandPlace {
  /** For messages, such as `Pod/shop/user-service-0`. */
  readonly name: string;
  /** Runs one. What it prints is written to `stdout`, which isn't ended. */
  run(command: readonly string[], options: RunOptions & { readonly stdout: PassThrough }): Promise<CommandEnd>;
}

/** A container of a pod. */
export function containerPlace(cluster: Cluster, where: ContainerLocation): CommandPlace {
  return {
    name: `Pod/${where.namespace}/${where.pod}`,
    run: (command, streams) => exec(cluster.connection, where, command, streams),
  };
}

/** Runs a command and gives what it printed. @throws CommandError with what it complained of when it fails */
export async function outputOf(place: CommandPlace, command: readonly string[], options: RunOptions): Promise<string> {
  return streamOf(place, command, options, async (chunks) => (await buffer(chunks)).toString());
}

/** Runs a command that prints JSON, and gives that. @throws CommandError when it fails, or its answer isn't whole */
export async function answerOf<Answer>(place: CommandPlace, command: readonly string[], options: RunOptions): Promise<Answer> {
  const text = await outputOf(place, command, options);
  try {
    return JSON.parse(text) as Answer;
  } catch (cause) {
    throw new CommandError(`${place.name}: the command's answer did not arrive whole (${JSON.stringify(text.slice(0, 100))}): run it again`, undefined, {
      cause,
    });
  }
}

/** Runs a command while somebody reads what it prints. What was read counts only when this returns. */
export async function streamOf<Result>(
  place: CommandPlace,
  command: readonly string[],
  { stdin, signal }: RunOptions,
  read: (chunks: PassThrough) => Promise<Result>,
): Promise<Result> {
  const stdout = new PassThrough();
  const ends = new AbortController();
  const running = place.run(command, { stdout, signal: AbortSignal.any([signal, ends.signal]), ...(stdin && { stdin }) }).finally(() => stdout.end());
  // whoever can't keep what comes ends the command
  const reading = read(stdout).catch((error: unknown) => {
    ends.abort();
    stdout.destroy();
    throw error;
  });
  const [ran, was] = await Promise.allSettled([running, reading]);
  if (signal.aborted) throw new CommandError('stopped: nothing that was begun counts; run the command again');
  if (was.status === 'rejected' && ran.status === 'rejected' && ends.signal.aborted) throw was.reason;
  if (ran.status === 'rejected') throw ran.reason;
  if (ran.value.exitCode !== 0) throw new CommandError(`${place.name}: ${complaint(ran.value)}`);
  if (was.status === 'rejected') throw was.reason;
  return was.value;
}

function complaint({ exitCode, stderr }: CommandEnd): string {
  const said = stderr.trim();
  return said === '' ? `the command ended with exit code ${exitCode}` : said;
}

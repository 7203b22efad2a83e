import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@berth/service-kit/testing/free-ports';
import { ended } from '@berth/service-kit/testing/programs';
import { places } from './places';

/** A program to measure. */
export interface Program {
  readonly name: string;
  /** Program and arguments; `{port}` stands for the port. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** A path that answers 200 once the program can be loaded. @default any answer to anything will do */
  readonly readyPath?: string;
  /** False for helpers of the measurement: they keep away from the measured core. @default true */
  readonly measured?: boolean;
}

/** A program that runs. Its stdout, where its log goes, is /dev/null. */
export interface RunningServer {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  /** SIGTERM, and waits until it is gone. */
  stop(): Promise<void>;
}

/** Servers of one comparison, alive together. */
export class Servers {
  private readonly running: RunningServer[] = [];

  /** @throws Error with the program's stderr when it doesn't answer within 30 s */
  async start(program: Program): Promise<RunningServer> {
    const server = await startServer(program);
    this.running.push(server);
    return server;
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.running.splice(0).map((server) => server.stop()));
  }
}

/** Prefix that keeps a command on the measured core; nothing where cores can't be chosen. */
export function onMeasuredCore(command: readonly string[]): readonly string[] {
  return process.env['BENCH_PINNED'] ? ['taskset', '-c', '0', ...command] : command;
}

/** Spawns a program so that it dies with the benchmark, whatever happens to that. */
export function spawnProgram({ name, command, env, measured = true }: Program, port: number): { child: ChildProcess; errors: () => string } {
  const file = places.file(`${name}.stderr`);
  const stderr = openSync(file, 'w');
  const words = (measured ? onMeasuredCore(command) : command).map((word) => word.replace('{port}', String(port)));
  const child = spawn(words[0]!, words.slice(1), {
    // The services, and the controls written in Node, exit when the IPC channel breaks.
    stdio: ['ignore', 'ignore', stderr, 'ipc'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], PORT: String(port), HOST: '127.0.0.1', ...env },
  });
  closeSync(stderr);
  children.add(child);
  child.once('exit', () => children.delete(child));
  return { child, errors: () => readFileSync(file, 'utf8') };
}

const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

async function startServer(program: Program): Promise<RunningServer> {
  const port = await freePort();
  const { child, errors } = spawnProgram(program, port);
  const giveUpAt = Date.now() + 30_000;
  while (!(await answers(port, program.readyPath))) {
    if (child.exitCode !== null || Date.now() > giveUpAt) throw new Error(`${program.name} didn't start:\n${errors()}`);
    await sleep(50);
  }
  return { name: program.name, port, pid: child.pid!, stop: () => ended(child, 'SIGTERM') };
}

async function answers(port: number, readyPath: string | undefined): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${readyPath ?? '/api/v1/users/1'}`, { headers: { Connection: 'close' } });
    await response.arrayBuffer();
    return readyPath === undefined || response.ok;
  } catch {
    return false;
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceName } from './databases';
import { imageMemorySettings } from './image-memory-settings';

/** A service under test: its own process, as it runs in a pod. */
export interface ServiceProcess {
  /** Base URL without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly child: ChildProcess;
  /** Parsed JSON lines of its log, growing. */
  readonly logs: Record<string, unknown>[];
  /** SIGTERM. @returns the exit code, `null` when a signal ended it */
  stop(): Promise<number | null>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

/** How to start it. */
export interface StartOptions {
  /** Wait until `/health/ready` says 200. @default true */
  readonly waitReady?: boolean;
}

/** Milliseconds until a service must listen and be ready, on a busy machine. */
const startTimeoutMs = 20_000;

const root = resolve(__dirname, '../../..');

/** Where a service's bundle lies; `npm run build` makes it. */
export function bundleOf(name: ServiceName): string {
  return join(root, 'services', name, 'dist', 'main.js');
}

/**
 * Starts a service on a free port, with the heap that its image gives it. Without a store in `env` it gets a new SQLite file, removed when it ends.
 *
 * @param env - laid over a bare environment: nothing of the caller's reaches the service
 * @throws Error with what it printed when it ends or isn't ready in time
 */
export async function startService(name: ServiceName, env: Record<string, string> = {}, { waitReady = true }: StartOptions = {}): Promise<ServiceProcess> {
  const folder = mkdtempSync(join(tmpdir(), `berth-${name}-`));
  const child = spawn(process.execPath, [bundleOf(name)], {
    cwd: folder,
    env: { PATH: process.env['PATH'], PORT: '0', HOST: '127.0.0.1', ...imageMemorySettings(root), ...env },
    // The channel ends with this process, however it ends, and the service with the channel.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  child.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const output = collectOutput(child);
  const port = await waitForPort(child, output, env);
  const url = `http://127.0.0.1:${port}`;
  if (waitReady) await waitForReady(url, child, output);
  return {
    url,
    port,
    pid: child.pid!,
    child,
    logs: output.logs,
    stop: () => end(child, 'SIGTERM'),
    kill: async () => void (await end(child, 'SIGKILL')),
  };
}

interface Output {
  readonly logs: Record<string, unknown>[];
  text: string;
}

function collectOutput(child: ChildProcess): Output {
  const output: Output = { logs: [], text: '' };
  let rest = '';
  child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('{')) output.logs.push(JSON.parse(line) as Record<string, unknown>);
      else output.text += `${line}\n`;
    }
  });
  child.stderr!.setEncoding('utf8').on('data', (chunk: string) => (output.text += chunk));
  return output;
}

/** The port from the log, or, with a log level that does not tell it, from the kernel's table of the process's own sockets. */
async function waitForPort(child: ChildProcess, output: Output, env: Record<string, string>): Promise<number> {
  if (env['PORT'] !== undefined && env['PORT'] !== '0') return Number(env['PORT']);
  return poll(child, output, 'listen', async () => {
    const line = output.logs.find(({ msg }) => msg === 'listening');
    return line === undefined ? listeningPort(child.pid!) : Number(line['port']);
  });
}

async function waitForReady(url: string, child: ChildProcess, output: Output): Promise<void> {
  await poll(child, output, 'become ready', async () => {
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
    await answer?.arrayBuffer();
    return answer?.ok ? true : undefined;
  });
}

async function poll<T>(child: ChildProcess, output: Output, what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + startTimeoutMs;
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the service ended (${child.exitCode ?? child.signalCode}) before it could ${what}:\n${said(output)}`);
    const found = await look();
    if (found !== undefined) return found;
    await sleep(25);
  }
  child.kill('SIGKILL');
  throw new Error(`the service did not ${what} within ${startTimeoutMs} ms:\n${said(output)}`);
}

function said({ logs, text }: Output): string {
  return `${text}${logs.map((line) => JSON.stringify(line)).join('\n')}`;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = once(child, 'exit') as Promise<[number | null]>;
  child.kill(signal);
  const [code] = await ended;
  return code;
}

/** The one port on which a process listens, by /proc; `undefined` while there is none. */
async function listeningPort(pid: number): Promise<number | undefined> {
  const { readdir, readFile, readlink } = await import('node:fs/promises');
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  const inodes = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]));
  const listening = '0A';
  for (const line of (await readFile('/proc/net/tcp', 'utf8').catch(() => '')).split('\n').slice(1)) {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    if (state === listening && inodes.has(inode)) return Number.parseInt(local!.split(':')[1]!, 16);
  }
  return undefined;
}

import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';

const bundle = join(__dirname, '..', 'dist', 'main.js');

/** How a run of the command ended. */
export interface Run {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Milliseconds. */
  readonly ms: number;
}

/** Settings of {@link berth}. */
export interface RunOptions {
  readonly kubeconfig: string;
  /** Laid over an environment that has nothing of this process's kubeconfigs, colours and state. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string;
  /** Aborting it kills the command with SIGKILL. */
  readonly kill?: AbortSignal;
  /** Told what it says, as it says it. */
  onTalk?(text: string): void;
}

const state = mkdtempSync(join(tmpdir(), 'berth-state-'));
process.once('exit', () => rmSync(state, { recursive: true, force: true }));

/** Runs the built command as a process of its own. */
export async function berth(args: readonly string[], { kubeconfig, env = {}, cwd, stdin = '', kill, onTalk }: RunOptions): Promise<Run> {
  const { PATH = '', HOME = '' } = process.env;
  const startedAt = performance.now();
  const child = spawn(process.execPath, [bundle, ...args], {
    env: { PATH, HOME, XDG_STATE_HOME: state, KUBECONFIG: kubeconfig, ...env },
    ...(cwd === undefined ? {} : { cwd }),
    stdio: 'pipe',
  });
  kill?.addEventListener('abort', () => child.kill('SIGKILL'));
  if (onTalk) child.stderr.on('data', (bytes: Buffer) => onTalk(bytes.toString()));
  child.stdin.end(stdin);
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  );
  const [stdout, stderr, end] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { ...end, stdout, stderr, ms: performance.now() - startedAt };
}

/** A folder with these files, removed when the process ends. */
export function folderWith(files: Readonly<Record<string, string>>, name = 'shop'): string {
  const parent = mkdtempSync(join(tmpdir(), 'berth-manifests-'));
  process.once('exit', () => rmSync(parent, { recursive: true, force: true }));
  const folder = join(parent, name);
  mkdirSync(folder);
  writeFiles(folder, files);
  return folder;
}

/** Writes files into a folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), content);
  }
}

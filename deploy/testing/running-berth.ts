import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';

const bundle = resolve(__dirname, '../dist/main.js');

/** berth while it runs: a command that ends with Ctrl-C. */
export interface RunningBerth {
  /** What it has printed so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Ctrl-C. @returns the exit code */
  stop(): Promise<number | null>;
}

/** Starts the built command. */
export function runningBerth(args: readonly string[], kubeconfig = process.env['KUBECONFIG'] ?? ''): RunningBerth {
  const { PATH, HOME } = process.env;
  const child: ChildProcess = spawn(process.execPath, [bundle, ...args], { env: { PATH, HOME, KUBECONFIG: kubeconfig }, stdio: 'pipe' });
  process.once('exit', () => child.kill('SIGKILL'));
  const said = { stdout: [] as string[], stderr: [] as string[] };
  child.stdout!.setEncoding('utf8').on('data', (text: string) => said.stdout.push(text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => said.stderr.push(text));
  const ended = new Promise<number | null>((done) => child.once('close', done));
  return {
    get stdout() {
      return said.stdout.join('');
    },
    get stderr() {
      return said.stderr.join('');
    },
    stop() {
      child.kill('SIGINT');
      return ended;
    },
  };
}

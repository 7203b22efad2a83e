import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, realpathSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { basename, delimiter, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** An `npm start` (or another script) of a copy of the repository. */
export interface Launched {
  readonly child: ChildProcess;
  /** What it has printed so far, stdout and stderr together. */
  output(): string;
  /** Waits until the output matches. @throws Error with the output when the process ends first or the time is over. */
  printed(pattern: RegExp, withinMs?: number): Promise<RegExpMatchArray>;
  /** What a terminal does on Ctrl-C: SIGINT to every process of the foreground group. */
  ctrlC(): void;
  /** Waits for the end and gives the exit code, or the signal's name. */
  ended(withinMs?: number): Promise<number | string>;
}

const repository = resolve(__dirname, '..');
const notCloned = new Set(['node_modules', 'dist', 'data', '.git', '.work', 'coverage']);

/** Copies what a clone would hold into a new temporary folder; nothing is installed or built in it. */
export function freshCopy(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'berth-copy-')));
  cpSync(repository, folder, { recursive: true, filter: (path) => !notCloned.has(basename(path)) });
  return folder;
}

/**
 * Runs an npm script of a copy as a person would in a terminal: in a process group of its own, with the machine's own Node.
 *
 * @param folder - a copy made by {@link freshCopy}
 * @param env - laid over the environment
 * @param flags - of npm itself, such as `--workspace`
 */
export function launch(folder: string, script: string, env: Readonly<Record<string, string>> = {}, flags: readonly string[] = []): Launched {
  const child = spawn('npm', ['run', '--silent', ...flags, script], {
    cwd: folder,
    env: { ...machineEnv(), ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const exit = once(child, 'close').then(([code, signal]) => (code as number | null) ?? (signal as string));
  return {
    child,
    output: () => text,
    async printed(pattern, withinMs = 30_000) {
      let ended = false;
      void exit.then(() => (ended = true));
      for (const deadline = Date.now() + withinMs; Date.now() < deadline && !ended; await sleep(50)) {
        const found = text.match(pattern);
        if (found) return found;
      }
      return text.match(pattern) ?? fail(`${script} did not print ${pattern}; it printed:\n${text}`);
    },
    ctrlC: () => void process.kill(-child.pid!, 'SIGINT'),
    async ended(withinMs = 30_000) {
      const late = sleep(withinMs, undefined, { ref: false }).then(() => fail(`${script} had not ended after ${withinMs} ms; it printed:\n${text}`));
      return Promise.race([exit, late]);
    },
  };
}

function fail(message: string): never {
  throw new Error(message);
}

// jest itself was started by npm: its variables and its Node would otherwise be found first
function machineEnv(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(npm_(lifecycle|package|command|config_local|execpath|node_execpath)|NODE_OPTIONS$|JEST_|.*_SERVICE_PORT$)/.test(name),
  );
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  return { ...Object.fromEntries(own), PATH: path.join(delimiter) };
}

/** One running process of this machine. */
export interface RunningProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Every process of this machine. */
export function runningProcesses(): RunningProcess[] {
  const listed = execFileSync('ps', ['-ww', '-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).trim().split('\n');
  return listed.map((line) => {
    const [pid, parent, ...command] = line.trim().split(/\s+/);
    return { pid: Number(pid), parent: Number(parent), command: command.join(' ') };
  });
}

/** Waits until no process's command line holds the text. @throws Error that names those left. */
export async function noneLeft(text: string, withinMs = 10_000): Promise<void> {
  const left = () => runningProcesses().filter(({ command }) => command.includes(text));
  for (const deadline = Date.now() + withinMs; left().length > 0; await sleep(50)) {
    if (Date.now() > deadline)
      fail(
        `still running: ${left()
          .map(({ command }) => command)
          .join('; ')}`,
      );
  }
}

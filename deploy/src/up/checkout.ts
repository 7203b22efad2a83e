import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CommandError, UsageError } from '../exit-codes';

/** Berth's own sources. */
export interface Checkout {
  readonly folder: string;
  /** How berth is called here. */
  readonly npmRun: string;
  /** Runs one of its npm scripts, which shows what it does on stderr. @throws CommandError when it fails */
  run(script: string, args: readonly string[], signal: AbortSignal): Promise<void>;
}

/** Scripts that what is deployed is made by. */
const needed = ['synth', 'images'];

/** The checkout that a folder is in. @throws UsageError when it is in none */
export function checkout(cwd = process.cwd()): Checkout {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    if (hasScripts(folder)) return { folder, npmRun: 'npm run berth --', run: (script, args, signal) => runScript(folder, script, args, signal) };
    if (folder === dirname(folder))
      throw new UsageError(`berth up builds Berth's own services, and ${resolve(cwd)} is in no checkout of them; berth apply deploys any folder of manifests`);
  }
}

function hasScripts(folder: string): boolean {
  const file = join(folder, 'package.json');
  if (!existsSync(file) || !existsSync(join(folder, 'charts'))) return false;
  try {
    const { name, scripts = {} } = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; scripts?: Record<string, string> };
    return name === 'berth' && needed.every((script) => script in scripts);
  } catch {
    return false;
  }
}

async function runScript(cwd: string, script: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw new CommandError(`stopped before npm run ${script}`);
  // what it prints is talk: stdout is for what was asked
  const child = spawn('npm', ['run', '--silent', script, '--', ...args], { cwd, stdio: ['ignore', 2, 2] });
  const stop = () => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  const code = await new Promise<number | null>((ended, failed) => {
    child.once('error', (error) => failed(new CommandError(`npm can't be started: ${error.message}`, undefined, { cause: error })));
    child.once('close', ended);
  }).finally(() => signal.removeEventListener('abort', stop));
  if (signal.aborted) throw new CommandError(`stopped in npm run ${script}`);
  if (code !== 0) throw new CommandError(`npm run ${script} failed (exit code ${code}): what it said stands above`);
}

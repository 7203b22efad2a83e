import { spawn } from 'node:child_process';
import { pipeline } from 'node:stream/promises';
import type { CommandPlace } from '../src/backup/command-place';

/** This machine, in the place of a container: the same commands, as processes of its own. */
export function localPlace(env: Readonly<Record<string, string>>, cwd: string): CommandPlace {
  return {
    name: 'here',
    async run([program = '', ...args], { stdin, stdout, signal }) {
      const child = spawn(program, args, { cwd, env: { PATH: process.env['PATH'] ?? '', ...env }, stdio: 'pipe' });
      signal.addEventListener('abort', () => child.kill('SIGKILL'));
      let stderr = '';
      child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
      // a command may end before it has read everything
      const sent = stdin ? pipeline(stdin, child.stdin).catch(() => undefined) : void child.stdin.end();
      const exited = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 137)));
      for await (const chunk of child.stdout) if (!stdout.destroyed) stdout.write(chunk);
      const exitCode = await exited;
      stdin?.destroy();
      await sent;
      return { exitCode, stderr };
    },
  };
}

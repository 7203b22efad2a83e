import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** An address whose SYNs are never answered, as behind a firewall that drops. */
export interface BlackHole {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts one: a stopped process with a backlog of 1 that is full, so the kernel drops every further SYN (Linux).
 * Without it a test could only refuse connections, which is the fast failure.
 */
export async function startBlackHole(): Promise<BlackHole> {
  const script = `require('net').createServer().listen(0, '127.0.0.1', 1, function () { console.log(this.address().port) })`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(line.toString());
  child.kill('SIGSTOP');
  const fillers = Array.from({ length: 4 }, () => quietConnection(port));
  // Those that fit the backlog connect at once, the others never do.
  await new Promise((resolve) => setTimeout(resolve, 100));
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      for (const filler of fillers) filler.destroy();
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

function quietConnection(port: number): Socket {
  return connect(port, '127.0.0.1').on('error', () => undefined);
}

import { connect } from 'node:net';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleOf } from '../testing/service-process';

/** Runs user-service until `use` is done with its port. @returns what it wrote on stderr */
async function standardErrorOf(env: Readonly<Record<string, string>>, use: (port: number) => Promise<void>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-standard-error-'));
  const child = spawn(process.execPath, [bundleOf('user-service')], {
    cwd: folder,
    env: { PATH: process.env['PATH'], PORT: '0', HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const closed = once(child, 'close');
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      const listening = /"port":(\d+)/.exec((out += chunk.toString()));
      if (listening) resolve(Number(listening[1]));
    });
    void closed.then(() => reject(new Error(`it ended: ${err}`)));
  });
  await use(port);
  child.kill('SIGTERM');
  await closed;
  rmSync(folder, { recursive: true });
  return err;
}

async function send(port: number, target: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  socket.write(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  await once(socket, 'close');
  return answer;
}

describe('a service keeps its standard error free of Node’s and its libraries’ own words', () => {
  it('whatever request target a client sends', async () => {
    const err = await standardErrorOf({}, async (port) => {
      for (const target of ['http://[::1/', 'http://a:99999999/', 'http://a:b/users']) expect(await send(port, target)).toMatch(/^HTTP\/1.1 4\d\d /);
    });
    expect(err).toBe('');
  }, 30_000);

  it('with each sslmode that the driver takes for another one', async () => {
    for (const mode of ['prefer', 'require', 'verify-ca']) {
      const url = `postgres://u:p@127.0.0.1:1/x?sslmode=${mode}`;
      const err = await standardErrorOf({ DATABASE_URL: url }, async (port) => expect(await send(port, '/health/ready')).toMatch(/^HTTP\/1.1 503 /));
      expect(err).toBe('');
    }
  }, 30_000);
});

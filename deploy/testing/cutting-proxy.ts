import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';

/** Where a command is cut. */
export interface Cut {
  /** The write at which it is cut, from 1; none is ever reached by `Infinity`. */
  readonly atWrite: number;
  /** Whether the API server gets that write. */
  readonly when: 'before' | 'after';
  /** `kill`: {@link CuttingProxy.onCut} is called, to end the command. `connection`: from then on nothing gets through, until {@link CuttingProxy.mend}. */
  readonly how: 'kill' | 'connection';
}

/** Stands between a command and a real API server, and counts what is written. */
export interface CuttingProxy {
  readonly kubeconfig: string;
  /** Writes that came since the last {@link arm}. */
  readonly writes: number;
  /** Sets the next cut, and counts anew. */
  arm(cut: Cut, onCut?: () => void): void;
  /** Lets everything through again. */
  mend(): void;
  close(): Promise<void>;
}

/** An API server, and as whom it is asked: by a token, or by a client's certificate. */
export interface Upstream {
  readonly server: string;
  readonly ca: string | Buffer;
  readonly token?: string;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** Starts one on 127.0.0.1. It speaks plain HTTP, because what is tested is not TLS. */
export async function startCuttingProxy({ server, token = '', ca, cert, key }: Upstream): Promise<CuttingProxy> {
  const agent = new Agent({ keepAlive: true, checkServerIdentity: () => undefined, ca, ...(cert && { cert }), ...(key && { key }) });
  let [cut, writes, isCut, onCut]: [Cut, number, boolean, () => void] = [{ atWrite: Infinity, when: 'after', how: 'kill' }, 0, false, () => undefined];
  const handle = (incoming: IncomingMessage, answer: ServerResponse) => {
    if (isCut) return void incoming.socket.destroy();
    const isLast = isWrite(incoming) && ++writes === cut.atWrite;
    const strike = () => {
      isCut = true;
      onCut();
      incoming.socket.destroy();
    };
    if (isLast && cut.when === 'before') return strike();
    forward(incoming, answer, server, agent, isLast ? strike : undefined);
  };
  const proxy = createServer(handle);
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const folder = mkdtempSync(join(tmpdir(), 'berth-proxy-'));
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigText(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, token));
  return {
    kubeconfig,
    get writes() {
      return writes;
    },
    arm(next, called = () => undefined) {
      [cut, writes, isCut, onCut] = [next, 0, false, called];
    },
    mend() {
      [cut, isCut] = [{ atWrite: Infinity, when: 'after', how: 'kill' }, false];
    },
    async close() {
      agent.destroy();
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
}

/** Asking who one is, is a POST that writes nothing. */
function isWrite({ method = '', url = '' }: IncomingMessage): boolean {
  return method !== 'GET' && !url.includes('dryRun=All') && !/\/selfsubject\w*reviews/.test(url);
}

/** @param strike - called instead of answering, when the server has answered */
function forward(incoming: IncomingMessage, answer: ServerResponse, server: string, agent: Agent, strike?: () => void): void {
  const onward = request(
    new URL(incoming.url!, server),
    { method: incoming.method!, headers: { ...incoming.headers, host: new URL(server).host }, agent },
    (response) => {
      if (strike !== undefined) {
        response.resume().on('end', strike);
        return;
      }
      answer.writeHead(response.statusCode!, response.headers);
      response.pipe(answer);
    },
  );
  onward.on('error', () => incoming.socket.destroy());
  incoming.pipe(onward);
}

function kubeconfigText(server: string, token: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
  });
}

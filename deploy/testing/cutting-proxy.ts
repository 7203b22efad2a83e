import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { Agent, createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { writeKubeconfig } from './control-plane';

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
  readonly server: string;
  readonly kubeconfig: string;
  /** The protocols that were spoken. */
  protocols(): readonly string[];
  /** Writes that came since the last {@link arm}. */
  readonly writes: number;
  /** Sets the next cut, and counts anew. */
  arm(cut: Cut, onCut?: () => void): void;
  /** Lets everything through again. */
  mend(): void;
  close(): Promise<void>;
}

/** A certificate and its key, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** An API server, as whom it is asked, and what the proxy before it shows. */
export interface Upstream {
  readonly server: string;
  readonly ca: string;
  /** @default none: the client's certificate says who asks */
  readonly token?: string;
  readonly client?: Certificate;
  /** Self-signed, for 127.0.0.1. */
  readonly certificate: Certificate;
}

type Incoming = IncomingMessage | Http2ServerRequest;
type Outgoing = ServerResponse | Http2ServerResponse;

/** Starts one on 127.0.0.1, which speaks as the API server does: by HTTP/2, or by HTTP/1.1 as a load balancer between may. */
export async function startCuttingProxy(upstream: Upstream, protocol: 'h2' | 'http/1.1' = 'h2'): Promise<CuttingProxy> {
  const { server, ca, token = '', client, certificate } = upstream;
  const agent = new Agent({ keepAlive: true, ca, checkServerIdentity: () => undefined, ...client });
  let [cut, writes, isCut, onCut]: [Cut, number, boolean, () => void] = [{ atWrite: Infinity, when: 'after', how: 'kill' }, 0, false, () => undefined];
  const spoken = new Set<string>();
  const handle = (incoming: Incoming, answer: Outgoing) => {
    spoken.add('stream' in incoming ? 'h2' : 'http/1.1');
    if (isCut) return breakOff(incoming);
    const isLast = isWrite(incoming) && ++writes === cut.atWrite;
    const strike = () => {
      isCut = true;
      onCut();
      breakOff(incoming);
    };
    if (isLast && cut.when === 'before') return strike();
    forward(incoming, answer, server, agent, isLast ? strike : undefined);
  };
  const proxy = protocol === 'h2' ? createSecureServer(certificate, handle) : createServer(certificate, handle);
  const sockets = new Set<TLSSocket>();
  proxy.on('secureConnection', (socket: TLSSocket) => sockets.add(socket.once('close', () => sockets.delete(socket))));
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const folder = mkdtempSync(join(tmpdir(), 'berth-proxy-'));
  const url = `https://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return {
    server: url,
    kubeconfig: writeKubeconfig(folder, url, certificate.cert, token),
    protocols: () => [...spoken],
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
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
}

/** Asking who one is, is a POST that writes nothing. */
function isWrite({ method = '', url = '' }: Incoming): boolean {
  return method !== 'GET' && !url.includes('dryRun=All') && !/\/selfsubject\w*reviews/.test(url);
}

/** Ends the connection, with all that is under way on it. */
function breakOff(incoming: Incoming): void {
  if ('stream' in incoming) incoming.stream.session?.destroy();
  else incoming.socket.destroy();
}

/** Headers of one connection alone, which HTTP/2 does not have. */
const ofOneConnection = new Set(['connection', 'keep-alive', 'transfer-encoding']);

/** @param strike - called instead of answering, when the server has answered */
function forward(incoming: Incoming, answer: Outgoing, server: string, agent: Agent, strike?: () => void): void {
  const own = Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => !name.startsWith(':')));
  const onward = request(new URL(incoming.url!, server), { method: incoming.method!, headers: { ...own, host: new URL(server).host }, agent }, (response) => {
    if (strike !== undefined) {
      response.resume().on('end', strike);
      return;
    }
    const headers = Object.fromEntries(Object.entries(response.headers).filter(([name]) => !ofOneConnection.has(name)));
    (answer as ServerResponse).writeHead(response.statusCode!, headers);
    response.pipe(answer as ServerResponse);
  });
  onward.on('error', () => breakOff(incoming));
  incoming.pipe(onward);
}

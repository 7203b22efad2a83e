import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Endpoint, endpointOf } from '../../deploy/src/cluster/endpoint';
import { readKubeconfig, targetOf } from '../../deploy/src/cluster/kubeconfig';

/** Stands between berth and the cluster's API server, and cuts the connections by which logs come, anywhere in a line. */
export interface LogCuttingProxy {
  readonly kubeconfig: string;
  /** How many were cut. */
  readonly cuts: number;
  close(): Promise<void>;
}

/** Bytes that a log's connection gives before it is cut. */
const [least, most] = [2_000, 400_000];

/** Of a container's connections each third one gives so much: a log is asked for by whole seconds, so less than a second's lines are no progress. */
const enough = 3_000_000;

/** Starts one on 127.0.0.1. */
export async function startLogCuttingProxy(): Promise<LogCuttingProxy> {
  const target = targetOf(readKubeconfig(undefined, process.env), undefined);
  const endpoint = await endpointOf(target, () => readFileSync(process.env['KUBECONFIG'] ?? '', 'utf8'));
  const seen = { cuts: 0 };
  const asked = new Map<string, number>();
  const budgetOf = (url: string) => {
    if (!url.includes('/log?')) return Infinity;
    const log = url.replace(/&(sinceTime|tailLines)=[^&]*/g, '');
    const count = (asked.get(log) ?? 0) + 1;
    asked.set(log, count);
    return count % 3 === 0 ? enough : least + Math.floor(Math.random() * (most - least));
  };
  const proxy = createServer((incoming, answer) => {
    forward(incoming, answer, endpoint, budgetOf(incoming.url!), () => seen.cuts++);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const folder = mkdtempSync(join(tmpdir(), 'berth-log-proxy-'));
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigText(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`));
  return {
    kubeconfig,
    get cuts() {
      return seen.cuts;
    },
    async close() {
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
      endpoint.agent.destroy();
      endpoint.streamAgent.destroy();
      rmSync(folder, { recursive: true });
    },
  };
}

function forward(incoming: IncomingMessage, answer: ServerResponse, { server, streamAgent, headers }: Endpoint, budget: number, onCut: () => void): void {
  const options = { method: incoming.method!, agent: streamAgent, headers: { ...incoming.headers, ...headers(), host: server.host } };
  const onward = request(new URL(incoming.url!, server), options, (response) => {
    answer.writeHead(response.statusCode!, response.headers);
    answer.flushHeaders();
    let left = budget;
    response.on('data', (piece: Buffer) => {
      if (left === Infinity) return void answer.write(piece);
      answer.write(piece.subarray(0, left));
      left -= piece.length;
      if (left > 0) return;
      onCut();
      onward.destroy();
      // what was written gets through first
      answer.socket?.end();
    });
    response.on('end', () => answer.end());
  });
  onward.on('error', () => incoming.socket.destroy());
  answer.on('close', () => onward.destroy());
  incoming.pipe(onward);
}

function kubeconfigText(server: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server } }],
    users: [{ name: 'admin', user: {} }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
  });
}

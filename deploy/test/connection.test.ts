import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { Unreachable } from '../src/cluster/api-error';
import { Connection } from '../src/cluster/connection';
import { endpointOf } from '../src/cluster/endpoint';
import { type CuttingProxy, startCuttingProxy } from '../testing/cutting-proxy';
import { describeWithControlPlane } from '../testing/use-control-plane';

describeWithControlPlane('a connection to an API server', (at) => {
  const proxies: CuttingProxy[] = [];
  const connections: Connection[] = [];
  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.close();
    for (const proxy of proxies.splice(0)) await proxy.close();
  });

  async function through(server: string): Promise<Connection> {
    const { ca, token } = at().plane;
    const cluster = { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') };
    const connection = new Connection(await endpointOf({ context: 'test', cluster, user: { token } }, () => ''));
    connections.push(connection);
    return connection;
  }

  async function proxied(protocol: 'h2' | 'http/1.1') {
    const proxy = await startCuttingProxy(at().plane, protocol);
    proxies.push(proxy);
    return { proxy, connection: await through(proxy.server) };
  }

  const configMaps = '/api/v1/namespaces/default/configmaps';
  const create = (connection: Connection, name: string) =>
    connection.call({ method: 'POST', path: configMaps, body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } } });
  const get = (connection: Connection, path = '/api/v1') => connection.call<{ kind: string }>({ method: 'GET', path });

  it.each(['h2', 'http/1.1'] as const)('by %s answers many at once, each its own', async (protocol) => {
    const { proxy, connection } = await proxied(protocol);
    const paths = Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? '/api/v1' : '/apis'));
    const answers = await Promise.all(paths.map((path) => get(connection, path)));
    expect(answers.map(({ body }) => body.kind)).toEqual(paths.map((path) => (path === '/api/v1' ? 'APIResourceList' : 'APIGroupList')));
    expect(answers.every(({ serverTime }) => Math.abs(serverTime - Date.now()) < 60_000)).toBe(true);
    await expect(get(connection, '/api/v1/namespaces/nowhere')).rejects.toMatchObject({ code: 404, reason: 'NotFound' });
    expect(proxy.protocols()).toEqual([protocol]);
  });

  it.each(['h2', 'http/1.1'] as const)('by %s that breaks is made again for what may be repeated, and told for what may not', async (protocol) => {
    const { proxy, connection } = await proxied(protocol);
    await get(connection);
    for (const [index, when] of (['before', 'after'] as const).entries()) {
      proxy.arm({ atWrite: 1, when, how: 'connection' }, () => setImmediate(() => proxy.mend()));
      const reads = [1, 2, 3, 4].map(() => get(connection));
      await expect(create(connection, `${protocol.replace(/\W/g, '')}-${index}`)).rejects.toThrow(Unreachable);
      // they were on the same connection
      expect(await Promise.all(reads)).toHaveLength(4);
    }
    expect((await get(connection)).body.kind).toBe('APIResourceList');
  });

  it.each(['h2', 'http/1.1'] as const)('by %s whose server is silent ends when its time is up, and a new one is made', async (protocol) => {
    const { cert, key } = at().plane.certificate;
    // nothing ever comes by the first connection, as when a firewall forgot it
    let firstPort: number | undefined;
    const answer = ({ socket }: Pick<IncomingMessage, 'socket'>, response: Pick<ServerResponse, 'setHeader' | 'end'>) => {
      if (socket.remotePort === (firstPort ??= socket.remotePort)) return;
      response.setHeader('content-type', 'application/json');
      response.end('{"kind":"Answer"}');
    };
    const server = protocol === 'h2' ? createSecureServer({ cert, key }, answer as never) : createServer({ cert, key }, answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const connection = await through(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await expect(connection.call({ method: 'GET', path: '/api/v1', timeoutMs: 200 })).rejects.toThrow(Unreachable);
    expect((await get(connection)).body.kind).toBe('Answer');
    connection.close();
    await new Promise((resolve) => server.close(resolve));
  });

  it('to what takes it and says nothing, not even a certificate, ends when its time is up, and says so', async () => {
    const sockets: Socket[] = [];
    const server = createTcpServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const connection = await through(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
    try {
      const fault = await connection.call({ method: 'GET', path: '/api/v1', timeoutMs: 200 }).catch((error: unknown) => error);
      expect(fault).toBeInstanceOf(Unreachable);
      expect(fault).toMatchObject({ isPassing: false, message: expect.stringMatching(/can't be reached \(.*timeout\): is the cluster up/) as string });
    } finally {
      for (const socket of sockets) socket.destroy();
      server.close();
    }
  });
});

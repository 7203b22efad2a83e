import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectSocket, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../deploy/src/cluster/cluster';
import { forwardSocket } from '../../deploy/src/cluster/port-forward';
import { eventually } from '../../services/service-kit/testing/load-client';
import { describeOnCluster, kubectl } from './cluster';
import { connected, madeNamespace, removeNamespace } from './connected';
import { serverPod } from './server-pod';

const namespace = 'streams-port-forward';
const mebibyte = 1024 * 1024;

/** 9001 gives back what it gets, 9002 sends 300 MB, 9003 hangs up after the first byte. */
const program = `
const net = require('node:net');
net.createServer({ allowHalfOpen: true }, (s) => { s.on('error', () => {}); s.pipe(s); }).listen(9001);
net.createServer((s) => { s.on('error', () => {}); const b = Buffer.alloc(1e6); let n = 0; const go = () => { while (n < 300) { n++; if (!s.write(b)) return s.once('drain', go); } s.end(); }; go(); }).listen(9002);
net.createServer((s) => { s.on('error', () => {}); s.once('data', () => s.end('bye')); }).listen(9003);
`;

describeOnCluster('a way to a port of a pod', () => {
  let cluster: Cluster;
  const faults: Error[] = [];
  const servers: Server[] = [];
  const sockets: Socket[] = [];
  beforeAll(async () => {
    cluster = await connected();
    await madeNamespace(namespace, serverPod({ name: 'peer', namespace, program, port: 9001 }));
    await kubectl('wait', '-n', namespace, 'pod/peer', '--for=condition=Ready', '--timeout=60s');
  }, 120_000);
  afterAll(async () => {
    sockets.forEach((socket) => socket.destroy());
    servers.forEach((server) => server.close());
    cluster.connection.close();
    await removeNamespace(namespace);
  }, 120_000);

  /** A socket that is joined to a port of the pod. */
  async function way(port: number, pod = 'peer'): Promise<Socket> {
    faults.length = 0;
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      void forwardSocket(cluster.connection, { namespace, pod, port }, socket).catch((error: Error) => {
        faults.push(error);
        socket.destroy();
      });
    });
    servers.push(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const socket = connectSocket({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
    sockets.push(socket);
    return socket;
  }

  it('carries 50 MB there and back, each byte as it was', async () => {
    const socket = await way(9001);
    const piece = randomBytes(mebibyte);
    const expected = createHash('sha256');
    const found = createHash('sha256');
    let bytes = 0;
    socket.on('data', (data: Buffer) => {
      found.update(data);
      bytes += data.length;
    });
    for (let i = 0; i < 50; i++) {
      expected.update(piece);
      if (!socket.write(piece)) await once(socket, 'drain');
    }
    await eventually('all came back', 60_000, () => Promise.resolve(bytes === 50 * mebibyte));
    expect(found.digest('hex')).toBe(expected.digest('hex'));
    socket.destroy();
  }, 90_000);

  it('carries the answer to a client that has closed its side', async () => {
    const socket = await way(9003);
    socket.end('x');
    let answer = '';
    socket.on('data', (data: Buffer) => (answer += data.toString()));
    await once(socket, 'end');
    expect(answer).toBe('bye');
  });

  it('ends when the pod hangs up, and when the client does', async () => {
    const socket = await way(9003);
    socket.write('x');
    socket.resume();
    await once(socket, 'end');
    const other = await way(9001);
    other.write('x');
    await once(other, 'data');
    other.destroy();
    await sleep(500);
    expect(faults).toEqual([]);
  });

  it('where nothing listens is told', async () => {
    const socket = await way(9009);
    socket
      .on('error', () => undefined)
      .resume()
      .end('x');
    await once(socket, 'close');
    expect(faults).toMatchObject([{ name: 'NothingListens', message: /connection refused/ }]);
  });

  it('to a pod that isn’t there is told', async () => {
    const socket = await way(9001, 'nobody');
    socket
      .on('error', () => undefined)
      .resume()
      .end('x');
    await once(socket, 'close');
    expect(faults).toMatchObject([{ code: 404, message: /pods "nobody" not found/ }]);
  });

  it('waits for a slow reader, and keeps nothing meanwhile', async () => {
    const socket = await way(9002);
    await once(socket, 'readable');
    socket.read(1);
    await sleep(500);
    const before = process.memoryUsage().rss;
    await sleep(3_000);
    const grown = process.memoryUsage().rss - before;
    let bytes = 1;
    socket.on('data', (data: Buffer) => (bytes += data.length));
    await once(socket, 'end');
    expect(bytes).toBe(300_000_000);
    expect(grown).toBeLessThan(40 * mebibyte);
  }, 60_000);

  it('is closed when the pod dies', async () => {
    const socket = await way(9001);
    socket.write('x');
    await once(socket, 'data');
    const closed = once(socket.resume(), 'end').then(
      () => 'ended',
      () => 'broken',
    );
    socket.on('error', () => undefined);
    await kubectl('delete', '-n', namespace, 'pod/peer', '--wait=false', '--grace-period=1');
    expect(await Promise.race([closed, sleep(20_000, 'open still')])).toMatch(/ended|broken/);
  }, 60_000);
});

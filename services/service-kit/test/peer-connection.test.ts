import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createPeerClient, type PeerAnswer, type PeerClient } from '../src/peer/peer-client';
import { PeerInvalidAnswer } from '../src/peer/peer-errors';

const context = { requestId: 'one', traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` };

/** Says who it is, on each path. */
const real: RequestListener = (_request, response) => response.setHeader('content-type', 'application/json').end('"real"');

/** Like any server at a wrong address: it keeps its connections, and knows none of the peer's paths. */
const impostors: readonly (readonly [string, RequestListener])[] = [
  ['a page', (_request, response) => response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>nothing here</h1>')],
  ['JSON of its own', (_request, response) => response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"nothing here"}')],
  ['a page and 502', (_request, response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>no upstream</h1>')],
];

describe('a keep-alive connection to a peer', () => {
  let stop: () => void;
  let peer: PeerClient;
  afterEach(async () => {
    await peer.close();
    stop();
    jest.restoreAllMocks();
  });

  /** A listener on one address; whoever serves when a connection is made serves it to its end. */
  async function listen(first: RequestListener) {
    const sockets: Socket[] = [];
    const serve = (listener: RequestListener) => createHttpServer({ keepAliveTimeout: 75_000 }, listener);
    let server = serve(first);
    const listener = createServer((socket) => {
      sockets.push(socket);
      server.emit('connection', socket);
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    stop = () => {
      listener.close();
      sockets.forEach((socket) => socket.destroy());
    };
    peer = createPeerClient({
      name: 'user-service',
      baseUrl: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
      limits: { timeoutMs: 1_000, deadlineMs: 2_000, maxTries: 1 },
      logger: pino({ enabled: false }),
      registry: new Registry(),
      userAgent: 'test',
    });
    return { sockets, become: (next: RequestListener) => (server = serve(next)) };
  }

  const ask = () => peer.get({ path: '/api/v1/users/1', route: '/', context, read });
  const askMany = (count: number) => Promise.allSettled(Array.from({ length: count }, ask));

  /** A connection is free a turn of the event loop after its answer. */
  async function askAfterAnother() {
    await setImmediate();
    return ask();
  }

  function read({ status, body }: PeerAnswer) {
    if (status !== 200) throw new PeerInvalidAnswer('user-service', `unexpected status ${status}`);
    return { outcome: 'ok', value: body } as const;
  }

  it.each(impostors)('ends with an answer that is none of the peer’s: %s', async (_what, impostor) => {
    const { become } = await listen(impostor);
    expect((await askMany(8)).map(({ status }) => status)).toEqual(Array(8).fill('rejected'));
    become(real);
    expect(await askMany(8)).toEqual(Array(8).fill({ status: 'fulfilled', value: 'real' }));
  });

  it('ends with a check of readiness', async () => {
    const { become } = await listen(impostors[0]![1]);
    expect(await peer.isReady()).toBe(false);
    become(real);
    expect(await peer.isReady()).toBe(true);
    expect(await ask()).toBe('real');
  });

  it('serves call after call while the answers are the peer’s, for five minutes at most', async () => {
    const { sockets } = await listen(real);
    for (let call = 0; call < 20; call++) await askAfterAnother();
    expect(sockets.length).toBe(1);
    const now = performance.now.bind(performance);
    jest.spyOn(performance, 'now').mockImplementation(() => now() + 5 * 60_000);
    // its last call is the one that finds it too old
    for (let call = 0; call < 3; call++) expect(await askAfterAnother()).toBe('real');
    expect(sockets.length).toBe(2);
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { createLoadClient, type LoadClient } from '../testing/load-client';
import { FaultProxy } from '../testing/fault-proxy';
import { jsonAnswer, startHttpStub, type HttpStub } from '../testing/http-stub';
import { exchangeRaw, MalformedResponseError, rawRequest } from '../testing/raw-http';
import { startBlackHole } from '../testing/black-hole';

describe('the fault proxy', () => {
  let stub: HttpStub;
  let proxy: FaultProxy;
  let client: LoadClient;
  const port = () => Number(new URL(proxy.url).port);
  const ask = (timeoutMs = 300) => exchangeRaw(port(), rawRequest('GET', '/', ['Connection: close', 'X-Request-Id: a1']), { timeoutMs });

  beforeEach(async () => {
    stub = await startHttpStub(jsonAnswer(200, { well: true }));
    proxy = await FaultProxy.start(Number(new URL(stub.url).port));
    client = createLoadClient(proxy.url);
  });
  afterEach(async () => {
    client.close();
    await proxy.close();
    await stub.close();
  });

  it('passes requests and answers on, and counts them by request id', async () => {
    await expect(client.call('GET', '/', { headers: { 'x-request-id': 'a1' } })).resolves.toMatchObject({ status: 200, body: { well: true } });
    await ask();
    expect([proxy.connections, proxy.requests, proxy.triesByRequestId.get('a1')]).toEqual([2, 2, 2]);
  });

  it('refuses connections, cuts the open ones, and comes back on the same port', async () => {
    await client.call('GET', '/');
    await proxy.set({ kind: 'refuse' });
    await expect(client.call('GET', '/')).rejects.toThrow(/ECONNREFUSED|ECONNRESET|hang up/);
    await expect(client.call('GET', '/')).rejects.toThrow(/ECONNREFUSED/);
    await proxy.set({ kind: 'none' });
    await expect(client.call('GET', '/')).resolves.toMatchObject({ status: 200 });
  });

  it('accepts and stays silent', async () => {
    await proxy.set({ kind: 'silence' });
    await expect(ask()).resolves.toMatchObject({ ended: 'open', responses: [] });
    expect(proxy.requests).toBe(1);
    expect(stub.requests).toHaveLength(0);
  });

  it('resets on accept', async () => {
    await proxy.set({ kind: 'reset', at: 'accept' });
    const { ended, bytes } = await ask();
    expect([ended, bytes.length]).toEqual(['reset', 0]);
  });

  it.each(['headers', 'body'] as const)('resets inside the %s', async (at) => {
    await proxy.set({ kind: 'reset', at });
    await expect(ask()).rejects.toThrow(MalformedResponseError);
    await expect(client.call('GET', '/')).rejects.toThrow(/ECONNRESET|aborted|hang up/);
  });

  it('ends inside the body without a reset', async () => {
    await proxy.set({ kind: 'end', at: 'body' });
    await expect(ask()).rejects.toThrow(/Content-Length 13 of 5/);
  });

  it('drips one byte a second, from the first byte or from the body', async () => {
    await proxy.set({ kind: 'drip', from: 'headers' });
    await expect(ask(1500)).rejects.toThrow(/head does not end: "H"/);
    await proxy.set({ kind: 'drip', from: 'body' });
    await expect(ask(1500)).rejects.toThrow(/Content-Length 13 of 1/);
  });

  it('vanishes from pooled connections without a FIN, and serves new ones when told so', async () => {
    await client.call('GET', '/');
    await proxy.set({ kind: 'vanish', scope: 'pooled' });
    const pooled = client.call('GET', '/');
    const outcome = await Promise.race([pooled.catch(() => 'failed'), sleep(300, 'silent')]);
    expect(outcome).toBe('silent');
    await expect(ask()).resolves.toMatchObject({ ended: 'fin' });
    await proxy.set({ kind: 'vanish', scope: 'all' });
    await expect(ask()).resolves.toMatchObject({ ended: 'open', responses: [] });
    await proxy.close();
    await expect(pooled).rejects.toThrow();
  });

  it('is late by its delay give or take the jitter', async () => {
    await proxy.set({ kind: 'latency', delayMs: 200, jitterMs: 100 });
    const calls = await Promise.all(Array.from({ length: 20 }, () => client.call('GET', '/')));
    const times = calls.map(({ ms }) => ms).sort((a, b) => a - b);
    expect(times[0]).toBeGreaterThan(95);
    // A busy machine adds to the longest, so the middle one tells whether the delay is right.
    expect(times[10]).toBeLessThan(400);
  });

  it('flaps and ends up', async () => {
    const flapping = proxy.flap(50, 50, 300);
    await expect(client.call('GET', '/')).rejects.toThrow();
    await flapping;
    await expect(client.call('GET', '/')).resolves.toMatchObject({ status: 200 });
  });

  it('has a black hole beside it, where connecting itself hangs', async () => {
    const hole = await startBlackHole();
    const { ended, elapsedMs } = await exchangeRaw(Number(new URL(hole.url).port), 'x', { timeoutMs: 400 });
    expect(ended).toBe('open');
    expect(elapsedMs).toBeGreaterThan(390);
    await hole.close();
  });
});

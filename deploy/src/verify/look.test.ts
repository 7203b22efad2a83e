import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, healthFault } from './answers';
import { lookAt, probed, scraped } from './look';

describe('looking at a health page', () => {
  let server: Server;
  let url: string;
  let answers: string[];
  beforeAll(async () => {
    server = createServer((_request, response) => response.end(JSON.stringify({ status: answers.length > 1 ? answers.shift() : answers[0] })));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/health/ready`;
  });
  afterAll(() => void server.close());
  const signal = new AbortController().signal;
  const faultOf = (answer: Answer) => healthFault(answer, true);

  it('gives it time: a peer that just became ready is not reached at once', async () => {
    answers = ['degraded', 'degraded', 'ok'];
    expect(await lookAt(() => probed(url, {}), faultOf, { settleMs: 5_000, signal })).toEqual([]);
  });

  it('tells of what stays wrong', async () => {
    answers = ['degraded'];
    expect(await lookAt(() => probed(url, {}), faultOf, { settleMs: 600, signal })).toEqual(['says "degraded": {"status":"degraded"}']);
  });

  it('looks once at what has nothing to settle, or when it was stopped', async () => {
    answers = ['degraded', 'ok'];
    expect(await lookAt(() => probed(url, {}), faultOf, { settleMs: 0, signal })).toHaveLength(1);
    answers = ['degraded', 'ok'];
    expect(await lookAt(() => probed(url, {}), faultOf, { settleMs: 5_000, signal: AbortSignal.abort() })).toHaveLength(1);
  });

  it.each([
    ['UP', false, undefined],
    ['UP', true, 'says "UP": {"status":"UP"}'],
  ])('a status "%s" is looked at only of services of Berth (%s)', async (status, isBerths, fault) => {
    answers = [status];
    expect(healthFault(await probed(url, {}), isBerths)).toBe(fault);
  });
});

describe('asking', () => {
  let server: Server;
  let url: string;
  beforeAll(async () => {
    server = createServer(({ url: path, headers: { host } }, response) => {
      if (path === '/moved') response.writeHead(307, { location: '/' }).end();
      else response.writeHead(host === 'shop.example' ? 200 : 400).end(host);
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  it('as the kubelet does sends the probe’s headers, and takes a redirect for an answer', async () => {
    expect(healthFault(await probed(url, { Host: 'shop.example' }), false)).toBeUndefined();
    expect(healthFault(await probed(url, {}), false)).toMatch(/^is answered 400: 127\.0\.0\.1:/);
    expect(await probed(`${url}/moved`, {})).toEqual({ status: 307, text: '' });
  });

  it('as Prometheus does follows a redirect', async () => {
    expect((await scraped(`${url}/moved`)).status).toBe(400);
  });
});

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { healthFault } from './answers';
import { lookAt } from './look';

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

  it('gives it time: a peer that just became ready is not reached at once', async () => {
    answers = ['degraded', 'degraded', 'ok'];
    expect(await lookAt(url, healthFault, { settleMs: 5_000, signal })).toEqual([]);
  });

  it('tells of what stays wrong', async () => {
    answers = ['degraded'];
    expect(await lookAt(url, healthFault, { settleMs: 600, signal })).toEqual(['says "degraded": {"status":"degraded"}']);
  });

  it('looks once at what has nothing to settle, or when it was stopped', async () => {
    answers = ['degraded', 'ok'];
    expect(await lookAt(url, healthFault, { settleMs: 0, signal })).toHaveLength(1);
    answers = ['degraded', 'ok'];
    expect(await lookAt(url, healthFault, { settleMs: 5_000, signal: AbortSignal.abort() })).toHaveLength(1);
  });
});

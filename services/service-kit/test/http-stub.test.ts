import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { createLoadClient } from '../testing/load-client';
import { gzipBomb, hugeJson, problemAnswer, startHttpStub, type HttpStub } from '../testing/http-stub';

describe('the HTTP stub', () => {
  let stub: HttpStub;

  beforeEach(async () => {
    stub = await startHttpStub();
  });
  afterEach(() => stub.close());

  it('answers as told and remembers what it was asked', async () => {
    const client = createLoadClient(stub.url);
    stub.answerWith(({ url }) => problemAnswer(429, url.slice(1), { 'retry-after': '3600' }));
    const answer = await client.call('GET', '/rate_limited', { headers: { 'x-request-id': 'r' } });
    expect(answer).toMatchObject({ status: 429, headers: { 'retry-after': '3600' }, body: { code: 'rate_limited', status: 429 } });
    await client.call('GET', '/x', { headers: { 'x-request-id': 'r' } });
    expect(stub.requests.map(({ method, url }) => `${method} ${url}`)).toEqual(['GET /rate_limited', 'GET /x']);
    expect(stub.mostTries()).toBe(2);
    client.close();
  });

  it('sends bytes that are no HTTP', async () => {
    stub.answerWith({ raw: 'SSH-2.0-nonsense\r\n' });
    const client = createLoadClient(stub.url);
    await expect(client.call('GET', '/')).rejects.toThrow(/Parse Error/);
    client.close();
  });

  it('streams a huge body only as long as somebody reads it', async () => {
    stub.answerWith({ headers: { 'content-type': 'application/json' }, body: () => hugeJson(2 ** 30) });
    const request = get(stub.url);
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    const [chunk] = (await once(answer, 'data')) as [Buffer];
    expect(chunk.toString()).toMatch(/^{"id":1,"name":"a*$/);
    const closed = new Promise((resolve) => answer.on('error', resolve).on('close', resolve));
    request.destroy();
    await closed;
  });

  it('packs a bomb that unpacks to its full size with a right checksum', () => {
    const bomb = gzipBomb(64);
    expect(bomb.length).toBeLessThan(100_000);
    expect(gunzipSync(bomb)).toHaveLength(64 * 1024 * 1024);
  });
});

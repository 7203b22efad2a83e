import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Check, type CheckStep, runCheck } from './run-check';

describe('a check', () => {
  const step = (method: string, path: string, status: number, more: Partial<CheckStep> = {}): CheckStep => ({ service: 'shop', method, path, status, ...more });
  const check = {
    name: 'a thing is made, looked at and removed',
    steps: [
      step('POST', '/things', 201, { body: { name: 'check-{unique}' }, keep: { thing: 'id' } }),
      step('GET', '/things/{thing}', 200),
      step('DELETE', '/things/{thing}', 204, { cleanUp: true }),
    ],
  };

  /** Runs a check against a server that answers by a table, and gives the faults, what the server was asked, and the bodies that it was sent. */
  async function runAgainst(answers: Readonly<Record<string, number | (() => number)>>, carriedOut: Check = check, signal?: AbortSignal) {
    const [asked, sent]: [string[], unknown[]] = [[], []];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      void text(request).then((body) => {
        if (body !== '') sent.push(JSON.parse(body));
        const status = answers[request.method!] ?? 500;
        response.writeHead(typeof status === 'number' ? status : status(), { 'retry-after': '1' }).end('{"id":7}');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const faults = await runCheck(carriedOut, () => url, signal);
    server.close();
    return { faults, asked, sent };
  }

  it('keeps what it was told for later steps', async () => {
    expect(await runAgainst({ POST: 201, GET: 200, DELETE: 204 })).toMatchObject({ faults: [], asked: ['POST /things', 'GET /things/7', 'DELETE /things/7'] });
  });

  it('fills the texts of a body however deep they lie', async () => {
    const body = { items: [{ of: ['{thing}', { name: 'a {thing}', count: 1, none: null }] }] };
    const deep = { name: 'deep', steps: [check.steps[0]!, step('PUT', '/things/{thing}', 200, { body })] };
    const { faults, sent } = await runAgainst({ POST: 201, PUT: 200 }, deep);
    expect(faults).toEqual([]);
    expect(sent.at(-1)).toEqual({ items: [{ of: ['7', { name: 'a 7', count: 1, none: null }] }] });
  });

  it('cleans up after a step that failed', async () => {
    const { faults, asked } = await runAgainst({ POST: 201, GET: 503, DELETE: 204 });
    expect(faults).toEqual(['a thing is made, looked at and removed: GET /things/{thing} of shop was answered 503, not 200: {"id":7}']);
    expect(asked.at(-1)).toBe('DELETE /things/7');
  });

  it('tells of a member that it should keep and that is missing, and cleans up with those that are there', async () => {
    const [made, ...rest] = check.steps;
    const steps = [{ ...made!, keep: { thing: 'id', owner: 'owner' } }, ...rest];
    const { faults, asked } = await runAgainst({ POST: 201, GET: 200, DELETE: 204 }, { ...check, steps });
    expect(faults).toEqual([`${check.name}: POST /things of shop was answered without "owner", which later steps need: {"id":7}`]);
    expect(asked).toEqual(['POST /things', 'DELETE /things/7']);
  });

  it('does not remove what was never made', async () => {
    const { faults, asked } = await runAgainst({ POST: 503 });
    expect(faults).toHaveLength(1);
    expect(asked).toEqual(['POST /things']);
  });

  it('tries again to clean up where that is refused for now', async () => {
    let refusals = 2;
    const { faults, asked } = await runAgainst({ POST: 201, GET: 200, DELETE: () => (refusals-- > 0 ? 429 : 204) });
    expect(faults).toEqual([]);
    expect(asked).toEqual(['POST /things', 'GET /things/7', 'DELETE /things/7', 'DELETE /things/7', 'DELETE /things/7']);
  });

  it('tells what could not be removed', async () => {
    const { faults } = await runAgainst({ POST: 201, GET: 200, DELETE: 403 });
    expect(faults).toEqual([`${check.name}: DELETE /things/{thing} of shop was answered 403, not 204: {"id":7}, so /things/7 is left behind`]);
  });

  it('that is stopped only cleans up', async () => {
    const stop = new AbortController();
    const stopping = { ...check, steps: [check.steps[0]!, step('GET', '/things/{thing}', 200), check.steps[2]!] };
    const server = runAgainst({ POST: 201, GET: 200, DELETE: 204 }, stopping, stop.signal);
    stop.abort();
    const { faults, asked } = await server;
    expect(faults).toEqual([`${check.name}: stopped before POST /things`]);
    expect(asked).toEqual([]);
  });
});

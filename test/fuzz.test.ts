import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '..');

const isInstalled = existsSync(join(root, '.cache', 'schemathesis', 'requirements.sha256'));
const [described, why] = isInstalled ? [describe, ''] : [describe.skip, ' (skipped: needs schemathesis, which `npm run fuzz` installs)'];

/** The fuzz itself is a command of its own, `npm run fuzz`; here is shown that it would notice. */
described(`the fuzz${why}`, () => {
  test('passes a server that keeps to its document', async () => {
    const { code, output } = await fuzz(wellBehaved);
    expect({ code, output }).toMatchObject({ code: 0 });
  }, 60_000);

  test('fails on an answer of 500, even where the document has one', async () => {
    const { code, output } = await fuzz((request, response) => (isOdd(request.url) ? answer(response, 500, {}) : wellBehaved(request, response)));
    expect([code, output]).toEqual([1, expect.stringContaining('ST101')]);
  }, 60_000);

  test('fails on a body that does not fit its schema', async () => {
    const { code, output } = await fuzz((request, response) => (isOdd(request.url) ? answer(response, 200, { n: '1' }) : wellBehaved(request, response)));
    expect([code, output]).toEqual([1, expect.stringContaining('ST108')]);
  }, 60_000);

  test('fails on a status that the document does not have', async () => {
    const { code, output } = await fuzz((request, response) => (isOdd(request.url) ? answer(response, 202, {}) : wellBehaved(request, response)));
    expect([code, output]).toEqual([1, expect.stringContaining('ST103')]);
  }, 60_000);

  test('fails when valid input is refused for a reason that is excused only for other requests', async () => {
    const { code, output } = await fuzz((_, response) => answer(response, 400, { code: 'invalid_parameter' }));
    expect([code, output]).toEqual([1, expect.stringContaining('ST202')]);
  }, 60_000);

  test('fails on a pattern that other languages can not use', async () => {
    const { code, output } = await fuzz(
      wellBehaved,
      JSON.stringify(document).replace('"type":"integer","minimum"', '"pattern":"[^\\\\ud800-\\\\uffff]","minimum"'),
    );
    expect([code, output]).toEqual([1, expect.stringContaining('unsupported_regex')]);
  }, 60_000);

  test('fails when invalid input is accepted', async () => {
    const { code, output } = await fuzz((_, response) => answer(response, 200, { n: 1 }));
    expect([code, output]).toEqual([1, expect.stringContaining('ST201')]);
  }, 60_000);
});

const numbers = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
const any = { description: 'any', content: { 'application/json': { schema: {} } } };

/** One operation that takes a number from 1 to 99. */
const document = {
  openapi: '3.1.1',
  info: { title: 'numbers', version: '1' },
  paths: {
    '/numbers': {
      get: {
        parameters: [{ in: 'query', name: 'n', required: true, schema: { type: 'integer', minimum: 1, maximum: 99 } }],
        responses: { 200: { description: 'It', content: { 'application/json': { schema: numbers } } }, 400: any, 405: any, 500: any },
      },
    },
  },
};

const wellBehaved: RequestListener = (request, response) => {
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const isValid = searchParams.size === 1 && /^[1-9]\d?$/.test(searchParams.get('n') ?? '');
  answer(response, isValid ? 200 : 400, { n: 1 });
};

/** Only some valid requests, so that the server is not simply broken. */
function isOdd(url = ''): boolean {
  return /\?n=\d*[13579]$/.test(url);
}

function answer(response: Parameters<RequestListener>[1], status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json', Allow: 'GET' }).end(JSON.stringify(body));
}

async function fuzz(listener: RequestListener, published = JSON.stringify(document)): Promise<{ code: number | null; output: string }> {
  const server = createServer((request, response) => {
    if (request.url === '/openapi.json') response.setHeader('Content-Type', 'application/json').end(published);
    else if (request.method !== 'GET') answer(response, 405, {});
    else listener(request, response);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    return await new Promise((done) => {
      const child = execFile(process.execPath, [join(root, 'scripts', 'fuzz.mjs'), '--url', url, '--cases', '10', '--seed', '1'], (_, stdout, stderr) =>
        done({ code: child.exitCode, output: stdout + stderr }),
      );
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

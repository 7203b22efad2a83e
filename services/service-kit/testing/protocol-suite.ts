import type { ApiClient } from './api-client';
import { expectProblem } from './api-expectations';

/** A collection of a service's API, for the suites that hold for every service. */
export interface Collection {
  readonly api: ApiClient<unknown>;
  /** Such as `/api/v1/users`. */
  readonly path: string;
  /** A body that POST accepts, another one each time. */
  newBody(): Readonly<Record<string, unknown>>;
}

/** Makes a row and gives its path. */
export async function makeRow({ api, path, newBody }: Collection): Promise<string> {
  const reply = await api.post(path, newBody());
  expect(reply.status).toBe(201);
  return `${path}/${(reply.body as { id: number }).id}`;
}

/** What HTTP itself asks of every collection: methods, paths, media types, bodies, problems, ids. @param subject - read when a test runs */
export function describeProtocol(subject: () => Collection): void {
  describeMethods(subject);
  describePaths(subject);
  describeBodies(subject);
  describeRequestIds(subject);
}

function describeMethods(subject: () => Collection): void {
  const allowed = { collection: 'GET, HEAD, OPTIONS, POST', item: 'DELETE, GET, HEAD, OPTIONS, PATCH, PUT' } as const;
  const pathOf = (which: keyof typeof allowed) => (which === 'collection' ? subject().path : `${subject().path}/1`);

  it.each([
    ['PUT', 'collection'],
    ['PATCH', 'collection'],
    ['DELETE', 'collection'],
    ['TRACE', 'collection'],
    ['POST', 'item'],
    ['PROPFIND', 'item'],
  ] as const)('answers %s on the %s with 405 and Allow', async (method, which) => {
    const reply = await subject().api.send(method, pathOf(which));
    expectProblem(reply, 405, 'method_not_allowed');
    expect(reply.headers['allow']).toBe(allowed[which]);
  });

  it.each(['collection', 'item'] as const)('answers OPTIONS on the %s with 204 and Allow', async (which) => {
    const reply = await subject().api.send('OPTIONS', pathOf(which));
    expect([reply.status, reply.headers['allow'], reply.text]).toEqual([204, allowed[which], '']);
  });

  it('answers HEAD like GET, without the body', async () => {
    const path = await makeRow(subject());
    for (const one of [path, `${subject().path}?limit=1`]) {
      const [get, head] = [await subject().api.get(one), await subject().api.send('HEAD', one)];
      expect([head.status, head.text]).toEqual([200, '']);
      for (const name of ['content-type', 'content-length', 'etag', 'cache-control', 'link'])
        expect([name, head.headers[name]]).toEqual([name, get.headers[name]]);
    }
  });
}

function describePaths(subject: () => Collection): void {
  it.each(['/nothing', '/api/v1', '/api/v2/users', '/api/v1/users/1/orders', '/users/1/name', '/.env', '/api/v1/api/v1/users'])(
    'answers 404 where there is nothing: %s',
    async (path) => {
      expectProblem(await subject().api.get(path), 404, 'not_found');
    },
  );

  it('tells a path without its query as the instance of a problem', async () => {
    const problem = expectProblem(await subject().api.get(`${subject().path}?limit=0&token=secret`), 400, 'invalid_parameter');
    expect(problem.instance).toBe(subject().path);
  });

  const ids = [
    '0',
    '-1',
    '+1',
    '1.5',
    '1e3',
    '01',
    'abc',
    '%20',
    '%201',
    '1%20',
    '9007199254740992',
    '18446744073709551616',
    '1'.repeat(400),
    '%00',
    '%EF%BC%91',
    '0x1',
    'null',
    '1;2',
    '1,2',
  ];

  it.each(ids)('answers 400 to an id that is none: %s', async (id) => {
    const { api, path, newBody } = subject();
    expectProblem(await api.get(`${path}/${id}`), 400, 'invalid_parameter');
    expectProblem(await api.put(`${path}/${id}`, newBody()), 400, 'invalid_parameter');
    expectProblem(await api.delete(`${path}/${id}`), 400, 'invalid_parameter');
  });

  it('answers 400 to a path that can not be decoded', async () => {
    for (const id of ['%', '%zz', '%e0%a4']) expectProblem(await subject().api.get(`${subject().path}/${id}`), 400, 'invalid_parameter');
  });

  it('answers 404 to an id that could be but is unknown, up to 2^53 - 1', async () => {
    for (const id of ['999999999', '9007199254740991']) {
      const path = `${subject().path}/${id}`;
      for (const reply of [await subject().api.get(path), await subject().api.delete(path)]) {
        expect([reply.status, (reply.body as { code: string }).code]).toEqual([404, expect.stringMatching(/^(user|order)_not_found$/)]);
      }
    }
  });
}

function describeBodies(subject: () => Collection): void {
  const post = (raw: string | Buffer | undefined, headers: Readonly<Record<string, string | undefined>> = {}) =>
    subject().api.send('POST', subject().path, { ...(raw !== undefined && { raw }), headers });

  it.each([
    undefined,
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; charset=latin1',
    'application/xml',
    'application/jsonp',
    'json',
    '',
  ])('answers 415 to a body declared as %s', async (type) => {
    expectProblem(await post(JSON.stringify(subject().newBody()), { 'content-type': type }), 415, 'unsupported_media_type');
  });

  it('answers 415 to a compressed body', async () => {
    for (const encoding of ['gzip', 'br', 'deflate', 'gzip, identity']) {
      expectProblem(await post(JSON.stringify(subject().newBody()), { 'content-encoding': encoding }), 415, 'unsupported_media_type');
    }
  });

  it.each(['application/json', 'APPLICATION/JSON', 'application/json; charset=utf-8', 'application/json;charset="UTF-8"'])(
    'takes a body declared as %s',
    async (type) => {
      expect((await post(JSON.stringify(subject().newBody()), { 'content-type': type })).status).toBe(201);
    },
  );

  it.each([
    ['nothing', ''],
    ['white space', '  \n'],
    ['a word', 'hello'],
    ['half an object', '{"name":'],
    ['a trailing comma', '{"name":"x",}'],
    ['single quotes', "{'name':'x'}"],
    ['NaN', '{"age":NaN}'],
    ['two values', '{}{}'],
    ['a byte order mark', '\ufeff{}'],
    ['a raw control character', '{"name":"a\u0001b"}'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ['17 nested arrays', '['.repeat(17) + ']'.repeat(17)],
  ])('answers 400 to a body of %s', async (_what, raw) => {
    expectProblem(await post(raw), 400, 'malformed_json');
  });

  it.each(['null', '[]', '"x"', '1', 'true', '[{}]'])('answers 422 to a body that is JSON but no object: %s', async (raw) => {
    expectProblem(await post(raw), 422, 'invalid_content');
  });

  it('takes a body of 32 KiB and answers 413 to one byte more, whether its length is told or not', async () => {
    const bytes = (length: number) => JSON.stringify(subject().newBody()).padEnd(length, ' ');
    const chunked = { 'content-length': undefined, 'transfer-encoding': 'chunked' };
    expect((await post(bytes(32 * 1024))).status).toBe(201);
    expect((await post(bytes(32 * 1024), chunked)).status).toBe(201);
    expectProblem(await post(bytes(32 * 1024 + 1)), 413, 'content_too_large');
    expectProblem(await post(bytes(32 * 1024 + 1), chunked), 413, 'content_too_large');
  });

  it('takes nested JSON up to 16 levels as far as the schema goes', async () => {
    const raw = '['.repeat(16) + ']'.repeat(16);
    expectProblem(await post(raw), 422, 'invalid_content');
  });
}

function describeRequestIds(subject: () => Collection): void {
  it.each(['a', 'abc-123', 'A_b.C:d/e+f=g~h', 'x'.repeat(128)])('echoes the X-Request-Id %s', async (id) => {
    expect((await subject().api.get(subject().path, { 'x-request-id': id })).headers['x-request-id']).toBe(id);
  });

  it.each(['', ' ', 'a b', 'x'.repeat(129), 'a"b', '<script>', 'a,b', 'é'])('makes its own for the X-Request-Id "%s"', async (id) => {
    const own = (await subject().api.get(subject().path, { 'x-request-id': id })).headers['x-request-id'];
    expect(own).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });
}

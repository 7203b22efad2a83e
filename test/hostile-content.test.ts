import { exchangeRaw, rawRequest, type RawResponse } from '../services/service-kit/testing/raw-http';
import { inParallel } from '../services/service-kit/testing/load-client';
import { contentCases, wrongIds, wrongKeys, wrongQueries, wrongValues } from './hostile-content.cases';
import { faultsOf, startTargets, type Target, type TargetName, type Targets } from './hostile-targets';

jest.setTimeout(60_000);

const json = 'Content-Type: application/json';

describe.each(['user-service', 'order-service'] as const)('%s given hostile content', (name: TargetName) => {
  let targets: Targets;
  let target: Target;

  beforeAll(async () => {
    targets = await startTargets();
    target = targets.all[name];
  });
  afterEach(() => target.expectAlive());
  afterAll(() => targets.close());

  async function ask(request: Buffer): Promise<RawResponse> {
    const { responses } = await exchangeRaw(target.service.port, request, { enough: 1, timeoutMs: 5000 });
    expect(responses).toHaveLength(1);
    return responses[0]!;
  }

  it.each(contentCases)('answers a POST of $name as the API says', async ({ body, answers, headers = [json] }) => {
    const response = await ask(rawRequest('POST', target.collection, headers, body(target.valid())));
    expect(faultsOf(response)).toEqual([]);
    expect(answers).toContain(response.status);
  });

  it('takes bodies up to 32 KiB and not one byte more, by length and by chunks', async () => {
    const padded = (bytes: number) => JSON.stringify(target.valid()).padEnd(bytes, ' ');
    const inChunks = (body: string) =>
      `POST ${target.collection} HTTP/1.1\r\nHost: a\r\n${json}\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    const statuses: number[] = [];
    for (const bytes of [32_768, 32_769]) {
      statuses.push((await ask(rawRequest('POST', target.collection, [json], padded(bytes)))).status);
      statuses.push((await ask(Buffer.from(inChunks(padded(bytes))))).status);
    }
    expect(statuses).toEqual([201, 201, 413, 413]);
  });

  it('answers each wrong value in each field with 422 or 400, or takes it where it is allowed', async () => {
    const bodies = fieldsOf(target.valid()).flatMap((path) => wrongValues.map((value) => put(target.valid(), path, value)));
    expect(bodies.length).toBeGreaterThan(90);
    const faults = await inParallel(bodies, 8, async (body) => {
      const response = await ask(rawRequest('POST', target.collection, [json], body));
      const odd = [201, 400, 404, 422].includes(response.status) ? [] : [`status ${response.status}`];
      return [...faultsOf(response), ...odd].map((fault) => `${body.slice(0, 200)}: ${fault}`);
    });
    expect(faults.flat()).toEqual([]);
  });

  it.each(['PUT', 'PATCH'])('answers each wrong value in each field of a %s alike', async (method) => {
    const { id } = (await target.client.call('POST', target.collection, { body: target.valid() })).body as { id: number };
    const fields = fieldsOf(target.valid()).filter((path) => path.length === 1);
    const bodies = [...fields, ['status']].flatMap((path) => wrongValues.map((value) => put({}, path, value)));
    const faults = await inParallel(bodies, 8, async (body) => {
      const response = await ask(rawRequest(method, `${target.collection}/${id}`, [json], body));
      const odd = [200, 400, 409, 422].includes(response.status) ? [] : [`status ${response.status}`];
      return [...faultsOf(response), ...odd].map((fault) => `${body.slice(0, 200)}: ${fault}`);
    });
    expect(faults.flat()).toEqual([]);
  });

  it('answers 400 or 404 for each path that holds no id, whatever the method', async () => {
    const faults = await inParallel(
      ['GET', 'PUT', 'PATCH', 'DELETE'].flatMap((method) => wrongIds.map((id) => ({ method, id }))),
      8,
      async ({ method, id }) => {
        const body = method === 'PUT' || method === 'PATCH' ? JSON.stringify({ shipping_address: 'x' }) : undefined;
        const response = await ask(rawRequest(method, `${target.collection}/${id}`, [json], body));
        const odd = [400, 404].includes(response.status) ? [] : [`status ${response.status}`];
        return [...faultsOf(response), ...odd].map((fault) => `${method} ${id.slice(0, 100)}: ${fault}`);
      },
    );
    expect(faults.flat()).toEqual([]);
  });

  it('answers 400 for each broken query', async () => {
    const faults = await inParallel(wrongQueries, 8, async (query) => {
      const response = await ask(rawRequest('GET', `${target.collection}?${query}`));
      const odd = response.status === 400 ? [] : [`status ${response.status}`];
      return [...faultsOf(response), ...odd].map((fault) => `${query}: ${fault}`);
    });
    expect(faults.flat()).toEqual([]);
  });

  it('answers 400 for each broken idempotency key and writes nothing', async () => {
    for (const key of wrongKeys) {
      const response = await ask(rawRequest('POST', target.collection, [json, `Idempotency-Key: ${key}`], JSON.stringify(target.valid())));
      expect([key.slice(0, 20), response.status, ...faultsOf(response)]).toEqual([key.slice(0, 20), 400]);
    }
  });

  it('has no prototype changed by all this: a good one comes out with its own members only', async () => {
    const reply = await target.client.call('POST', target.collection, { body: target.valid() });
    const expected = { 'user-service': ['id', 'email', 'name', 'age'], 'order-service': ['id', 'user_id', 'status', 'items', 'shipping_address', 'total'] };
    expect(reply.status).toBe(201);
    expect(Object.keys(reply.body as object).sort()).toEqual([...expected[name], 'created_at', 'updated_at'].sort());
  });
});

type Path = readonly (string | number)[];

/** Paths of all fields, those inside lists too. */
function fieldsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Array.isArray(value) ? value.map((one, i) => [i, one] as const) : Object.entries(value);
  return [...(path.length > 0 ? [path] : []), ...inner.flatMap(([key, one]) => fieldsOf(one, [...path, key]))];
}

/** The body with raw JSON text at one place: numbers past what JavaScript can hold must reach the wire as they are. */
function put(body: unknown, path: Path, value: string): string {
  const marker = '\u{f0000}';
  return JSON.stringify(withMarker(body, path, marker)).replace(`"${marker}"`, () => value);
}

function withMarker(value: unknown, [key, ...deeper]: Path, marker: string): unknown {
  if (key === undefined) return marker;
  if (Array.isArray(value)) return value.map((one, i) => (i === key ? withMarker(one, deeper, marker) : (one as unknown)));
  const members = value as Record<string, unknown>;
  return { ...members, [key]: withMarker(members[key], deeper, marker) };
}

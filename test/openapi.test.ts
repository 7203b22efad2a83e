import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { Router } from 'express';
import { parseConfiguration } from '../services/service-kit/src/config/configuration';
import type { ConfigurationSchema } from '../services/service-kit/src/declaration';
import { type ServiceDefinition, startService as startInProcess } from '../services/service-kit/src/lifecycle/service';
import { createLogger, standardOutput } from '../services/service-kit/src/logger';
import { type ServiceProcess, startService } from '../services/service-kit/testing/service-process';
import { orderServiceDefinition } from '../services/order-service/src/app';
import { userServiceDefinition } from '../services/user-service/src/app';

const root = resolve(__dirname, '..');

type Document = Readonly<Record<string, unknown>> & {
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

/** What scanners ask for, near misses of real paths, and the API's own prefix. */
const undocumented = [
  ...['/', '/api', '/api/v1', '/api/v1/', '/api/v2/users', '/api/v1/api/v1/health', '/docs/', '/docs/a/b', '/users/', '/USERS', '/health/', '/Health'],
  ...['/admin', '/debug', '/debug/pprof', '/env', '/.env', '/.git/config', '/actuator', '/status', '/swagger.json', '/api-docs', '/graphql', '/favicon.ico'],
  ...['/robots.txt', '/metrics/', '/metrics.json', '/healthz', '/readyz', '/livez', '/server-status', '/users/1/orders', '/orders/1/items'],
];

const read = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8')) as Document;

test('the committed documents are what the services publish (npm run openapi writes them)', async () => {
  await promisify(execFile)(process.execPath, [join(root, 'scripts', 'openapi.mjs'), '--check']);
}, 60_000);

describe.each([
  ['user-service', userServiceDefinition as unknown as ServiceDefinition<ConfigurationSchema>],
  ['order-service', orderServiceDefinition as unknown as ServiceDefinition<ConfigurationSchema>],
] as const)('the document of %s', (name, definition) => {
  const document = read(`services/${name}/openapi.json`);
  const operations = Object.entries(document.paths).flatMap(([path, item]) => Object.keys(item).map((method) => ({ path, method: method.toUpperCase() })));

  test("is valid by OpenAPI 3.1's own schema", () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { 'media-range': true } });
    addFormats(ajv);
    const isValid = ajv.compile(withoutDynamicReferences(read('test/openapi/3.1.schema.json')));
    expect(isValid(document) ? [] : isValid.errors).toEqual([]);
    const broken = { ...document, paths: { '/x': { get: { responses: { 200: {} } } } } };
    expect(isValid(broken)).toBe(false);
  });

  test('holds only schemas that compile', () => {
    const ajv = new Ajv2020({ strict: false, validateSchema: true });
    addFormats(ajv);
    ajv.addSchema(document, 'document');
    const pointers = schemaPointers(document);
    expect(pointers.length).toBeGreaterThan(20);
    for (const pointer of pointers) expect(() => ajv.compile({ $ref: `document#${pointer}` })).not.toThrow();
  });

  test('names each operation once', () => {
    const ids = Object.values(document.paths).flatMap((item) => Object.values(item).map((operation) => (operation as { operationId: string }).operationId));
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('has every route that the service registers, and no other', async () => {
    const patterns = Object.keys(document.paths).map((path) => path.replaceAll(/\{(\w+)\}/g, ':$1'));
    const expected = patterns.flatMap((pattern) => document.servers.map(({ url }) => url.replace(/\/$/, '') + pattern));
    expect((await registeredRoutes(definition)).flat().sort()).toEqual(expected.sort());
  });

  describe('and the service', () => {
    let service: ServiceProcess;
    beforeAll(async () => {
      service = await startService(name, { LOG_LEVEL: 'warn' });
    }, 30_000);
    afterAll(() => service?.stop());

    test.each(operations)('$method $path is answered under each of its servers', async ({ method, path }) => {
      for (const { url } of document.servers) {
        const answer = await ask(service, method, url, path);
        const isOwn404 = answer.status === 404 && /"code":"\w+_not_found"/.test(await answer.text());
        expect(isOwn404 || ![404, 405].includes(answer.status)).toBe(true);
        expect(answer.status).toBeLessThan(500);
      }
    });

    test.each(Object.keys(document.paths))('%s allows the methods of the document, and refuses every other with 405', async (path) => {
      const own = Object.keys(document.paths[path]!).map((method) => method.toUpperCase());
      const allowed = [...own, 'OPTIONS', ...(own.includes('GET') ? ['HEAD'] : [])].sort().join(', ');
      const options = await ask(service, 'OPTIONS', '/', path);
      expect([options.status, options.headers.get('allow')]).toEqual([204, allowed]);
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY'].filter((one) => !own.includes(one))) {
        const refused = await ask(service, method, '/', path);
        expect([method, refused.status, refused.headers.get('allow')]).toEqual([method, 405, allowed]);
      }
    });

    test.each(undocumented)('%s is not found', async (path) => {
      for (const method of ['GET', 'POST']) {
        const answer = await fetch(service.url + path, { method });
        expect([method, answer.status]).toEqual([method, 404]);
        expect(answer.headers.get('content-type')).toBe('application/problem+json');
      }
    });
  });
});

function ask(service: ServiceProcess, method: string, server: string, path: string): Promise<Response> {
  const file = 'swagger-ui.css';
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, parameter: string) => (parameter === 'file' ? file : '1'));
  const body = ['POST', 'PUT', 'PATCH'].includes(method) ? { headers: { 'content-type': 'application/json' }, body: '{}' } : {};
  return fetch(`${service.url}${server === '/' ? '' : server}${filled}`, { method, ...body });
}

/** The paths that Express is given while the service is put together in this process. */
async function registeredRoutes(definition: ServiceDefinition<ConfigurationSchema>): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-routes-'));
  const spied = jest.spyOn(Router.prototype as { route(path: string): unknown }, 'route');
  try {
    const { declaration } = definition;
    const env = { PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'silent', SHUTDOWN_TIMEOUT_MS: '1000', [declaration.store.pathVariable]: join(folder, 'routes.db') };
    const build = { service: declaration.name, version: '0', revision: '0' };
    const running = await startInProcess(definition, parseConfiguration(declaration, env), build, createLogger(build, 'silent', standardOutput()));
    const routes = spied.mock.calls.map(([path]) => path);
    await running.stop();
    return [...new Set(routes)].sort();
  } finally {
    spied.mockRestore();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Ajv looks a dynamic reference up at the document's root; this one always means "any schema". Schemas are checked by a test of their own. */
function withoutDynamicReferences(schema: Document): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$dynamicRef":"#meta"', '"$ref":"#/$defs/schema"')) as object;
}

/** JSON pointers to every schema of the document: of bodies, parameters, headers and components. */
function schemaPointers(value: unknown, pointer = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = `${pointer}/${encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))}`;
    return key === 'schema' ? [here] : schemaPointers(inner, here);
  });
}

import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { hasProgram } from './programs';
import type { ServiceName } from '../services/service-kit/testing/databases';
import { type ServiceProcess, startService } from '../services/service-kit/testing/service-process';

const root = resolve(__dirname, '..');
const script = join(root, 'scripts', 'docs-page.mjs');
const run = promisify(execFile);

/** What scripts/docs-page.mjs saw. */
interface PageReport {
  readonly title: string;
  readonly operations: readonly { readonly id: string; readonly method: string; readonly path: string }[];
  /** Status that the page showed for an operation that was tried out in it. */
  readonly tried: string;
  readonly requests: readonly string[];
  readonly complaints: readonly string[];
}

/** Pictures of the pages, to be looked at. */
const pictures = join(root, '.cache', 'docs-page');

const chromiumIsThere = ['chromium', 'chromium-browser', 'google-chrome', process.env['CHROMIUM']].some(hasProgram);
const [described, why] = chromiumIsThere ? [describe, ''] : [describe.skip, ' (skipped: needs Chromium; install it, or name it in CHROMIUM)'];

described.each<ServiceName>(['user-service', 'order-service'])(`the documentation page of %s in a browser${why}`, (name) => {
  let service: ServiceProcess;
  beforeAll(async () => {
    service = await startService(name, { LOG_LEVEL: 'warn' });
    mkdirSync(pictures, { recursive: true });
  }, 30_000);
  afterAll(() => service?.stop());

  test.each(['/docs', '/api/v1/docs'])(
    '%s shows every operation, tries one out, complains of nothing and asks nobody but the service',
    async (path) => {
      const report = await look(service.url + path, join(pictures, `${name}${path.replaceAll('/', '-')}.png`));
      expect(report.complaints).toEqual([]);
      expect(report.title.trim()).toBe(name);
      expect(report.operations.map(({ id }) => id).sort()).toEqual(documentedOperations(name).sort());
      expect(report.tried).toBe('200');
      expect(report.requests.filter((url) => new URL(url).origin !== service.url)).toEqual([]);
      expect(report.requests.length).toBeGreaterThanOrEqual(6);
    },
    60_000,
  );
});

async function look(url: string, picture: string): Promise<PageReport> {
  const { stdout } = await run(process.execPath, [script, url, picture]);
  return JSON.parse(stdout) as PageReport;
}

function documentedOperations(name: ServiceName): string[] {
  const { paths } = JSON.parse(readFileSync(join(root, 'services', name, 'openapi.json'), 'utf8')) as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  return Object.values(paths).flatMap((item) => Object.values(item).map(({ operationId }) => operationId));
}

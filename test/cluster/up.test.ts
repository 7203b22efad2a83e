import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { expectBerth } from './berth';
import { describeOnCluster, serversIn } from './cluster';
import { mark, namespaceOf, refuseTaken, remove, services } from './environments';
import { loadCommand } from './next-images';

const minutes = 60_000;
const repository = resolve(__dirname, '../..');
const namespace = namespaceOf('local');

describeOnCluster(
  'berth up',
  () => {
    const parent = mkdtempSync(join(tmpdir(), 'berth-up-'));
    const copy = join(parent, 'berth');
    beforeAll(async () => {
      await refuseTaken('local');
      const left = new Set(['node_modules', '.git', '.cache', 'data', 'bench']);
      cpSync(repository, copy, { recursive: true, filter: (path) => !(left.has(basename(path)) && resolve(path, '..') === repository) });
      symlinkSync(join(repository, 'node_modules'), join(copy, 'node_modules'));
      cpSync(join(repository, 'bench/package.json'), join(copy, 'bench/package.json'));
    }, 2 * minutes);
    afterAll(async () => {
      rmSync(parent, { recursive: true, force: true });
      await remove('local');
    }, 3 * minutes);

    const up = () => expectBerth(0, ['up', '--load-command', loadCommand!], { cwd: copy });
    const pods = async () => Object.fromEntries(await Promise.all(services.map(async (service) => [service, await uidsOf(service)] as const)));
    const uidsOf = async (service: string) => (await serversIn(namespace, service)).map(({ metadata }) => metadata.uid);

    it(
      'leads from a checkout and an empty cluster to a verified order, with progress, by one command',
      async () => {
        const { stdout, stderr } = await up().finally(() => mark('local'));
        expect(stdout).toContain(`${namespace}/local is ready and proven: 6 proofs hold`);
        for (const step of ['The manifests', 'The images', 'The deployment', 'created Deployment/berth-local/user-service', 'The proof', 'to reach it:'])
          expect(stderr).toContain(step);
        expect(stderr).toMatch(/holds +Deployment\/berth-local\/order-service: an order of a new user is made, read and deleted/);
      },
      6 * minutes,
    );

    it(
      'again rolls nothing',
      async () => {
        const before = await pods();
        expect((await up()).stdout).toContain('is unchanged, at revision 1');
        expect(await pods()).toEqual(before);
      },
      4 * minutes,
    );

    it(
      'after a change of one service rolls that one alone',
      async () => {
        const before = await pods();
        const file = join(copy, 'services/order-service/src/models/problems.ts');
        const source = readFileSync(file, 'utf8');
        expect(source).toContain('User service unavailable');
        writeFileSync(file, source.replaceAll('User service unavailable', 'User service is unavailable'));
        await up();
        const after = await pods();
        expect(after['user-service']).toEqual(before['user-service']);
        expect(after['order-service']).toHaveLength(1);
        expect(after['order-service']).not.toEqual(before['order-service']);
      },
      4 * minutes,
    );
  },
  { 'a way to bring images to its nodes: BERTH_LOAD_COMMAND, such as "kind load docker-image"': loadCommand !== undefined },
);

import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { writeFolder } from '../../cdk8s/src/output/folder-writer';
import type { Environment } from '../../cdk8s/src/environment';
import { environment, filesOf, services as declarations } from '../../cdk8s/test/synthesized';
import { sayMeasured } from '../../services/service-kit/testing/load-client';
import { manifestsOf } from '../manifests';
import { badReleases, type BadRelease } from './bad-releases';
import { expectBerth } from './berth';
import { describeOnCluster, kubectl, objectsIn } from './cluster';
import { deploy, namespaceOf, remove, services } from './environments';
import { type LoadPod, type LoadReport, startLoadPod } from './load-pod';
import { loadCommand, loadNextImage, nextTag } from './next-images';
import { type EmptyRegistry, startEmptyRegistry } from './registry';

const minutes = 60_000;
const full = process.env['BERTH_FULL'] === '1';
const namespace = namespaceOf('staging');
const charts = resolve(__dirname, '../../charts/staging');
const requestsPerSecond = '50';

/** The image of a service in the committed manifests. */
const imageOf = (service: string) =>
  manifestsOf('staging').find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === service)!.spec.template.spec.containers[0]!.image;
const nextImageOf = (service: string) => imageOf(service).replace(/:[^:]+$/, `:${nextTag}`);

describeOnCluster(
  'releases of staging by berth, under load',
  () => {
    const parent = mkdtempSync(join(tmpdir(), 'berth-releases-'));
    /** Called like the environment, so that it is the same stack. */
    const folder = join(parent, 'staging');
    let registry: EmptyRegistry;
    let load: LoadPod;
    let running: Promise<LoadReport>;
    let nextSchemas: Readonly<Record<string, number>>;

    beforeAll(async () => {
      await deploy('staging');
      registry = await startEmptyRegistry();
      nextSchemas = Object.fromEntries(await Promise.all(services.map(async (service) => [service, await loadNextImage(service, imageOf(service))] as const)));
      load = await startLoadPod('release-load');
      const [users, orders] = services.map((service) => `http://${service}.${namespace}:8000`);
      running = load.start<LoadReport>('load.mjs', { USERS: users!, ORDERS: orders!, RATE: requestsPerSecond, AT_LEAST: '1000' });
      running.catch(() => undefined);
    }, 5 * minutes);
    afterAll(async () => {
      rmSync(parent, { recursive: true, force: true });
      await registry?.remove();
      await load?.remove();
      await remove('staging');
    }, 5 * minutes);

    it(
      'what kubectl deployed is taken over without a conflict, and no pod is made anew',
      async () => {
        const uids = async () => (await objectsIn(namespace, 'pods')).map(({ metadata }) => metadata.uid).sort();
        const before = await uids();
        expect((await expectBerth(0, ['apply', '--env', 'staging'])).stderr).toContain('taken over from kubectl');
        expect(await uids()).toEqual(before);
        expect((await expectBerth(0, ['plan', '--env', 'staging'])).stdout).toMatch(/^\d+ unchanged$/m);
      },
      2 * minutes,
    );

    it(
      'the next release, with its migrations, is deployed and taken back, and all data is there',
      async () => {
        await load.phase('upgrade');
        await expectBerth(0, ['apply', writeNext(1)]);
        expect(await imagesNow()).toEqual(services.map(nextImageOf));
        for (const service of services) expect(await schemaOf(service)).toBe(nextSchemas[service]);
        await load.phase('back');
        await expectBerth(0, ['rollback', '--env', 'staging', '--to', '1']);
        expect(await imagesNow()).toEqual(services.map(imageOf));
        // a migration is not undone: the older release works on what it added
        for (const service of services) expect(await schemaOf(service)).toBe(nextSchemas[service]);
      },
      5 * minutes,
    );

    it(
      'other images are put in for one deployment, by --images',
      async () => {
        await load.phase('images');
        const file = join(parent, 'images.json');
        writeFileSync(file, JSON.stringify({ 'order-service': nextImageOf('order-service') }));
        await expectBerth(0, ['apply', '--env', 'staging', '--images', file]);
        expect(await imagesNow()).toEqual([imageOf('user-service'), nextImageOf('order-service')]);
        await expectBerth(0, ['apply', '--env', 'staging']);
        expect(await imagesNow()).toEqual(services.map(imageOf));
      },
      4 * minutes,
    );

    it.each(badReleases.filter(({ inSample }) => full || inSample))(
      'a bad release is found and taken back: $name',
      async (bad) => {
        await load.phase('bad release');
        const before = await imagesNow();
        const timeoutMs = bad.isCertain ? 240_000 : 45_000;
        const startedAt = Date.now();
        const { stderr, ms } = await expectBerth(4, ['apply', writeBad(bad), '--rollback-on-failure', '--timeout', `${timeoutMs}ms`]);
        expect(stderr).toMatch(bad.reason);
        expect(stderr).toMatch(/so it was rolled back: revision \d+ is deployed again, and all of it is ready/);
        const history = JSON.parse((await expectBerth(0, ['history', '--env', 'staging', '-o', 'json'])).stdout) as { outcome: string; at: string }[];
        const foundAfterMs = Date.parse(history.find(({ outcome }) => outcome === 'failed')!.at) - startedAt;
        if (bad.isCertain) expect(foundAfterMs).toBeLessThan(timeoutMs / 2);
        expect(await imagesNow()).toEqual(before);
        await expectBerth(0, ['status', '--env', 'staging']);
        sayMeasured(`a bad release, ${bad.name}`, { 'found after ms': Math.round(foundAfterMs), 'all ms': Math.round(ms) });
      },
      6 * minutes,
    );

    it(
      'a fixed number of replicas gives way to an autoscaler, and no replica goes meanwhile',
      async () => {
        await load.phase('autoscaler');
        const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
        const { resourceVersion } = (JSON.parse(await kubectl('get', '--raw', `${path}?limit=1`)) as { metadata: { resourceVersion: string } }).metadata;
        // so few that the server's connections suffice
        const scaled = declarations.map((declaration) => ({ ...declaration, scaling: { ...declaration.scaling, maximumReplicas: 4 } }));
        writeFolder(folder, filesOf({ ...environment('staging'), replicas: { minimum: 2 } }, scaled));
        const { stderr } = await expectBerth(0, ['apply', folder]);
        expect(stderr).toContain('spec.replicas stays 2 and is left to the autoscaler');
        expect((await objectsIn(namespace, 'horizontalpodautoscalers')).map(({ metadata }) => metadata.name)).toEqual([...services].sort());
        // every state since, however short
        const states = await kubectl('get', '--raw', `${path}?watch=true&timeoutSeconds=1&resourceVersion=${resourceVersion}`);
        const replicas = states.split('\n').map((line) => (JSON.parse(line) as { object: { spec: { replicas: number } } }).object.spec.replicas);
        expect(replicas.length).toBeGreaterThan(0);
        expect(Math.min(...replicas)).toBe(2);
      },
      3 * minutes,
    );

    it(
      'a release that older ones can’t live with is not taken back, by what synth wrote of its schema',
      async () => {
        await load.phase('breaking');
        await expectBerth(0, ['apply', writeNext(Math.max(...Object.values(nextSchemas)))]);
        const before = await kubectl('get', 'deployments', '-n', namespace, '-o', 'jsonpath={.items[*].metadata.generation}');
        const { stderr } = await expectBerth(3, ['rollback', '--env', 'staging']);
        expect(stderr).toMatch(
          /Deployment\/berth-staging\/user-service of revision \d+ is of schema 2, and a later release made one on which only those from schema 3 on work/,
        );
        expect(await kubectl('get', 'deployments', '-n', namespace, '-o', 'jsonpath={.items[*].metadata.generation}')).toBe(before);
      },
      3 * minutes,
    );

    it(
      'no request failed in all of this, and every order that was acknowledged is there',
      async () => {
        await load.stop();
        const report = await running;
        const phases = Object.fromEntries(Object.entries(report.phases).map(([phase, kinds]) => [phase, kinds['all']?.count]));
        sayMeasured('releases by berth', { requests: report.sent, failed: report.failed, seconds: report.seconds, phases });
        expect(report.failures).toEqual([]);
        const acknowledged = Object.values(report.phases).reduce((sum, kinds) => sum + (kinds['order']?.count ?? 0) + (kinds['slow body']?.count ?? 0), 0);
        expect(Number(await sql('orderdb', 'SELECT count(*) FROM orders'))).toBe(acknowledged);
        expect(Number(await sql('orderdb', 'SELECT count(*) FROM orders WHERE note IS NOT NULL'))).toBeGreaterThan(0);
        expect(Object.keys(phases)).toEqual(expect.arrayContaining(['steady', 'upgrade', 'back', 'images', 'bad release', 'autoscaler', 'breaking']));
      },
      2 * minutes,
    );

    /** The manifests that synth would write for the next release. @param schemaOldest - of whose releases one still works on its schema */
    function writeNext(schemaOldest: number): string {
      const images = { ...environment('staging').images, tag: nextTag } as Environment['images'];
      const next = declarations.map((declaration) => {
        const schema = nextSchemas[declaration.name]!;
        return { ...declaration, store: { ...declaration.store, schema, schemaMinimum: schema, schemaOldest } };
      });
      rmSync(folder, { recursive: true, force: true });
      writeFolder(folder, filesOf({ ...environment('staging'), images }, next));
      return folder;
    }

    /** The committed manifests with one fault in them. */
    function writeBad({ service, change }: BadRelease): string {
      rmSync(folder, { recursive: true, force: true });
      cpSync(charts, folder, { recursive: true });
      const [file] = globSync(`manifests/${service}/deployment.yaml`, { cwd: folder });
      const deployment = parse(readFileSync(join(folder, file!), 'utf8')) as Parameters<typeof change>[0];
      change(deployment, registry.host);
      writeFileSync(join(folder, file!), stringify(deployment));
      return folder;
    }

    const imagesNow = async () =>
      (
        await Promise.all(
          services.map((service) =>
            kubectl(
              'get',
              'pods',
              '-n',
              namespace,
              '-l',
              `app.kubernetes.io/name=${service},app.kubernetes.io/component=server`,
              '--field-selector',
              'status.phase=Running',
              '-o',
              'jsonpath={range .items[*]}{.metadata.deletionTimestamp}|{.spec.containers[0].image}{"\\n"}{end}',
            ),
          ),
        )
      ).flatMap((text) => [
        ...new Set(
          text
            .split('\n')
            .filter((line) => line.startsWith('|'))
            .map((line) => line.slice(1)),
        ),
      ]);

    const schemaOf = async (service: string) =>
      Number(await sql(service === 'user-service' ? 'userdb' : 'orderdb', 'SELECT max(version) FROM schema_migrations'));

    const sql = (database: string, statement: string) =>
      kubectl('exec', '-n', namespace, 'postgres-0', '--', 'psql', '-U', 'postgres', '-d', database, '-tAc', statement);
  },
  { 'a way to bring images to its nodes: BERTH_LOAD_COMMAND, such as "kind load docker-image"': loadCommand !== undefined },
);

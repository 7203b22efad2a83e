import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, sayMeasured } from '../../services/service-kit/testing/load-client';
import { readArchive } from '../../deploy/src/backup/archive';
import { differingTables } from '../../deploy/src/backup/postgres-copies';
import type { Run } from '../../deploy/testing/berth-process';
import { type ClusterObject, describeOnCluster, kubectl, objectsIn, portForward, serversIn } from './cluster';
import { services } from './environments';
import { type OwnEnvironment, ownEnvironment } from './own-environment';
import type { Created } from './shop-client';

const minutes = 60_000;
const isFull = process.env['BERTH_FULL'] === '1';
const rounds = isFull ? 3 : 1;

/** What a restore has said when it is killed: each is another step of it. */
const cuts: readonly RegExp[] = [
  /the backup of/,
  /brought in and looked through the backup of Deployment\/\S+\/order-service/,
  /brought in and looked through the backup of Deployment\/\S+\/user-service/,
  /waiting for|restored/,
  /restored Deployment\/\S+\/user-service/,
];

describe.each(['local', 'staging'] as const)('%s', (environment) => {
  describeOnCluster(`backup and restore of ${environment}`, () => {
    let own: OwnEnvironment;
    let folder: string;
    let saver: string;
    let restorer: string;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'berth-backups-'));
      own = ownEnvironment(environment, `backup-${environment}`);
      await own.deploy();
      await giveAccounts();
    }, 6 * minutes);
    afterAll(async () => {
      rmSync(folder, { recursive: true });
      await own.remove();
    }, 5 * minutes);

    async function giveAccounts(): Promise<void> {
      saver = await own.accountWith('saver', 'berth-backup', 'berth-backup-in-namespace');
      restorer = await own.accountWith('restorer', 'berth-deployer', 'berth-deployer-in-namespace', 'berth-restore-in-namespace');
    }

    const said: Run[] = [];
    async function run(code: number, verb: string, flags: readonly string[], kubeconfig?: string): Promise<Run> {
      const ran = await own.berth(verb, ['-v', ...flags], kubeconfig === undefined ? {} : { kubeconfig });
      said.push(ran);
      if (ran.code !== code) throw new Error(`berth ${verb} ended with ${ran.code}, not ${code}:\n${ran.stderr}`);
      return ran;
    }
    const backUp = async (name: string) => {
      await run(0, 'backup', ['--to', join(folder, name)], saver);
      return readArchive(join(folder, name));
    };
    const overwrite = ['--overwrite', '--confirm', environment];
    const restore = (name: string, ...flags: string[]) => run(0, 'restore', ['--from', join(folder, name), '--lock-lease', '8s', ...flags], restorer);

    /** Nothing is left of any restore: no pod, no file, no database. */
    async function expectNothingLeft(): Promise<void> {
      expect((await objectsIn(own.namespace, 'pods')).filter(({ metadata }) => metadata.name.startsWith('berth-restore-'))).toEqual([]);
      if (environment === 'staging') {
        const listed = await kubectl('exec', '-n', own.namespace, 'postgres-0', '--', 'psql', '-U', 'postgres', '-Atc', 'SELECT datname FROM pg_database');
        return expect(listed.split('\n').sort()).toEqual(['orderdb', 'postgres', 'template0', 'template1', 'userdb']);
      }
      for (const service of services) {
        const files = await kubectl('exec', '-n', own.namespace, `deployment/${service}`, '--', 'ls', 'data');
        expect(files.split('\n').filter((file) => !/^\w+\.db(-wal|-shm|\.lock)?$/.test(file))).toEqual([]);
      }
    }

    it(
      `loses no write that was acknowledged before a backup under load began, over ${rounds} times a backup, destroy --delete-data, apply and restore`,
      async () => {
        for (let round = 1; round <= rounds; round++) {
          const book = await writing(own.namespace, round, async (acknowledged) => {
            await eventually('enough is written', 60_000, async () => Promise.resolve(acknowledged.size >= 40));
            const before = new Map(acknowledged);
            await backUp(`round-${round}`);
            return before;
          });
          await run(0, 'destroy', ['--confirm', environment, '--delete-data']);
          await kubectl('delete', 'pvc', '-n', own.namespace, '--all', '--ignore-not-found', '--timeout=120s');
          await own.deploy();
          await giveAccounts();
          await restore(`round-${round}`);
          await expectNothingLeft();
          const there = await everything(own.namespace);
          for (const [path, made] of book) expect(there.get(path)).toEqual(made);
          const [first, second] = [await readArchive(join(folder, `round-${round}`)), await backUp(`after-${round}`)];
          for (const { service, tables } of first.stores)
            expect([service, differingTables(tables, second.stores.find((store) => store.service === service)!.tables)]).toEqual([service, []]);
          sayMeasured(`backup and restore of ${environment}, round ${round}`, { acknowledgedBefore: book.size, restored: there.size, lost: 0 });
        }
      },
      rounds * 8 * minutes,
    );

    it(
      'is refused over data without its flag, and changes nothing',
      async () => {
        const before = await everything(own.namespace);
        const { stderr } = await run(3, 'restore', ['--from', join(folder, 'round-1')], restorer);
        expect(stderr).toMatch(/there are data in Deployment.*: say --overwrite when they may be lost; nothing was changed/);
        expect(await everything(own.namespace)).toEqual(before);
        await expectNothingLeft();
      },
      2 * minutes,
    );

    it(
      'converges when it is killed anywhere and run again; until then the old data are served, or the restored, and nothing is scaled down',
      async () => {
        const archive = await readArchive(join(folder, `round-${rounds}`));
        const replicas = (await objectsIn(own.namespace, 'deployments')).map(({ metadata, spec }) => [metadata.name, spec['replicas']]);
        const chosen = isFull ? cuts : cuts.filter((_, i) => i % 2 === 1);
        for (const cut of chosen) {
          await writing(own.namespace, 100 + cuts.indexOf(cut), async (acknowledged) => {
            await eventually('something is written', 30_000, async () => Promise.resolve(acknowledged.size >= 5));
          });
          const kill = new AbortController();
          let talk = '';
          const flags = ['--from', join(folder, `round-${rounds}`), '--lock-lease', '8s', ...overwrite];
          const killed = await own.berth('restore', flags, {
            kubeconfig: restorer,
            kill: kill.signal,
            onTalk: (text) => cut.test((talk += text)) && kill.abort(),
          });
          if (killed.signal !== 'SIGKILL') throw new Error(`it ended with ${killed.code} before it was killed at ${cut}:\n${talk}`);
          expect((await objectsIn(own.namespace, 'deployments')).map(({ metadata, spec }) => [metadata.name, spec['replicas']])).toEqual(replicas);
          await kubectl('rollout', 'status', '-n', own.namespace, 'deployment/user-service', '--timeout=120s');
          await kubectl('rollout', 'status', '-n', own.namespace, 'deployment/order-service', '--timeout=120s');
          await everything(own.namespace);
          await restore(`round-${rounds}`, ...overwrite);
          await expectNothingLeft();
          const again = await backUp(`cut-${cuts.indexOf(cut)}`);
          for (const { service, tables } of archive.stores)
            expect([cut, service, differingTables(tables, again.stores.find((store) => store.service === service)!.tables)]).toEqual([cut, service, []]);
        }
      },
      10 * minutes,
    );

    it(
      'puts one service’s data back and leaves the other’s pods alone',
      async () => {
        const before = (await serversIn(own.namespace, 'order-service')).map(({ metadata }) => metadata.uid);
        await restore(`round-${rounds}`, '--service', 'user-service', ...overwrite);
        expect((await serversIn(own.namespace, 'order-service')).map(({ metadata }) => metadata.uid)).toEqual(before);
      },
      3 * minutes,
    );

    /** Does something to user-service's database that nobody should. */
    function harm(sqlite: string, database: string, ...sql: readonly string[]): Promise<string> {
      if (environment === 'staging')
        return kubectl(
          'exec',
          '-n',
          own.namespace,
          'postgres-0',
          '--',
          'psql',
          '-U',
          'postgres',
          '-d',
          database,
          '-v',
          'ON_ERROR_STOP=1',
          ...sql.flatMap((one) => ['-c', one]),
        );
      return kubectl('exec', '-n', own.namespace, 'deployment/user-service', '--', 'node', '-e', sqlite);
    }

    it(
      'brings the data back when the database is lost and the service can’t even start',
      async () => {
        await harm("require('node:fs').writeFileSync('data/user_service.db', 'a disk that lost its mind')", 'postgres', 'DROP DATABASE userdb WITH (FORCE)');
        await kubectl('delete', 'pods', '-n', own.namespace, '-l', 'app.kubernetes.io/name=user-service,app.kubernetes.io/component=server', '--wait=true');
        await eventually('user-service is not ready', 60_000, async () => (await serversIn(own.namespace, 'user-service')).every((pod) => !isReady(pod)));
        await restore(`round-${rounds}`, '--service', 'user-service', ...overwrite);
        await expectNothingLeft();
        expect([...(await everything(own.namespace)).keys()].filter((path) => path.startsWith('/users')).length).toBeGreaterThan(10);
      },
      4 * minutes,
    );

    it(
      'brings the data back of a service that has no pods',
      async () => {
        await kubectl('scale', '-n', own.namespace, 'deployment/user-service', '--replicas=0');
        await eventually('it has none', 60_000, async () => (await serversIn(own.namespace, 'user-service')).length === 0);
        await restore(`round-${rounds}`, '--service', 'user-service', ...overwrite);
        await kubectl('scale', '-n', own.namespace, 'deployment/user-service', `--replicas=${environment === 'local' ? 1 : 2}`);
        await kubectl('rollout', 'status', '-n', own.namespace, 'deployment/user-service', '--timeout=120s');
        await expectNothingLeft();
      },
      4 * minutes,
    );

    it(
      'brings a backup of an older schema up to date',
      async () => {
        const older = ['DROP TABLE users', 'DELETE FROM schema_migrations WHERE version > 1'];
        await harm(`new (require('better-sqlite3'))('data/user_service.db').exec('${older.join('; ')}')`, 'userdb', ...older);
        await run(0, 'backup', ['--to', join(folder, 'older'), '--service', 'user-service'], saver);
        expect((await readArchive(join(folder, 'older'))).stores.map(({ schema }) => schema)).toEqual([1]);
        await restore(`round-${rounds}`, '--service', 'user-service', ...overwrite);
        const { stderr } = await restore('older', '--service', 'user-service', ...overwrite);
        if (environment === 'staging') expect(stderr).toMatch(/Job\/\S+ runs again, because the backup has an older schema/);
        expect([...(await everything(own.namespace)).keys()].filter((path) => path.startsWith('/users'))).toEqual([]);
        await run(0, 'apply', process.env['BERTH_IMAGES'] === undefined ? [] : ['--images', process.env['BERTH_IMAGES']]);
      },
      5 * minutes,
    );

    it('shows no value of a Secret, in no output and no manifest', () => {
      const texts = [
        ...said.flatMap(({ stdout, stderr }) => [stdout, stderr]),
        ...readdirSync(folder).map((name) => readFileSync(join(folder, name, 'manifest.json'), 'utf8')),
      ];
      expect(texts.length).toBeGreaterThan(10);
      for (const canary of own.canaries)
        for (const text of texts) expect(text.includes(canary) || text.includes(Buffer.from(canary).toString('base64'))).toBe(false);
      if (environment === 'staging') expect(own.canaries.length).toBeGreaterThanOrEqual(3);
    });
  });
});

function isReady({ status }: ClusterObject): boolean {
  return status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;
}

/** Rows by their path. */
type Book = Map<string, Created>;

/** Signs users up and orders for them, as fast as it is answered, while something is done. */
async function writing<Result>(namespace: string, round: number, work: (acknowledged: Book) => Promise<Result>): Promise<Result> {
  const acknowledged: Book = new Map();
  return throughForwards(namespace, async (users, orders) => {
    let goesOn = true;
    const post = async (url: string, path: string, body: object) => {
      const answer = await fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }).catch(
        () => undefined,
      );
      const made = answer?.status === 201 ? ((await answer.json()) as Created) : void (await answer?.arrayBuffer().catch(() => undefined));
      if (made) acknowledged.set(`${path}/${made.id}`, made);
      return made;
    };
    const lanes = ['a', 'b'].map(async (lane) => {
      for (let n = 0; goesOn; n++) {
        const user = await post(users, '/users', { email: `${lane}${n}-of-${round}@example.com`, name: 'Ada "Ä" Lovelace', age: n % 150 });
        if (user) await post(orders, '/orders', { user_id: user.id, items: [{ product_id: 'lamp', quantity: 1 + (n % 9), price: 9.25 }] });
        else await sleep(50);
      }
    });
    try {
      return await work(acknowledged);
    } finally {
      goesOn = false;
      await Promise.all(lanes);
    }
  });
}

/** All that both services have. */
async function everything(namespace: string): Promise<Book> {
  return throughForwards(namespace, async (users, orders) => {
    const book: Book = new Map();
    for (const [url, path] of [
      [users, '/users'],
      [orders, '/orders'],
    ] as const)
      for (let cursor: string | null = ''; cursor !== null;) {
        const page: string = `${url}${path}?limit=100${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
        const answer = await fetch(page);
        expect([page, answer.status]).toEqual([page, 200]);
        const { items, next_cursor } = (await answer.json()) as { items: Created[]; next_cursor: string | null };
        for (const item of items) book.set(`${path}/${item.id}`, item);
        cursor = next_cursor;
      }
    return book;
  });
}

async function throughForwards<Result>(namespace: string, work: (users: string, orders: string) => Promise<Result>): Promise<Result> {
  const forwards = await Promise.all(services.map((service) => portForward(namespace, service)));
  try {
    return await work(forwards[0]!.url, forwards[1]!.url);
  } finally {
    for (const forward of forwards) forward.close();
  }
}

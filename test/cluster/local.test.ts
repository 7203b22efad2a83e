import { setTimeout as sleep } from 'node:timers/promises';
import { has } from '../../cdk8s/test/tools';
import { eventually, sayMeasured } from '../../services/service-kit/testing/load-client';
import { describeOnCluster, kubectl, portForward, programSaid, serversIn } from './cluster';
import { make, namespaceOf, remove, services, settled } from './environments';
import { findsHealthy } from './doctor-stacks';
import { type LoadPod, startLoadPod } from './load-pod';
import { type Created, create, read } from './shop-client';

const minutes = 60_000;
const namespace = namespaceOf('local');
const ingress = process.env['BERTH_INGRESS'];
const restarts = process.env['BERTH_FULL'] === '1' ? 20 : 2;

/** From the contract: one replica's rollout is a gap of at most so long. */
const longestGapMs = 15_000;

const doors: readonly [string, () => Promise<unknown>][] = [
  ['kubectl apply -k', () => kubectl('apply', '-k', 'charts/local')],
  [
    'helm upgrade --install',
    async () => {
      await kubectl('apply', '-f', 'charts/local/namespace.yaml');
      await programSaid('helm', ['upgrade', '--install', 'berth', 'charts/local', '-n', namespace]);
    },
  ],
];

describe.each(doors)('local by %s', (door, install) => {
  describeOnCluster(
    `an empty cluster, ${door}`,
    () => {
      let made: { user: Created; order: Created };

      beforeAll(async () => void (await make('local', install)), minutes);
      afterAll(() => remove('local'), 3 * minutes);

      it('becomes ready', () => settled('local'), 3 * minutes);

      it('takes an order through port-forwards', async () => {
        made = await throughForwards(async (users, orders) => {
          // a Service's address takes a moment to get round; order-service is ready without its peer, and says so
          await eventually('order-service reaches user-service', 15_000, async () => (await read(`${orders}/health/ready`))['status'] === 'ok');
          const user = await create(`${users}/api/v1/users`, { email: 'grace@example.com', name: 'Grace' });
          return { user, order: await create(`${orders}/api/v1/orders`, { user_id: user.id, product_id: 'lamp', quantity: 2 }) };
        });
        expect(made.order).toMatchObject({ user_id: made.user.id, status: 'pending' });
      });

      it('is healthy, says doctor, and nothing else', () => findsHealthy('local'));

      const [tested, why] = ingress ? [it, ''] : [it.skip, ' (skipped: BERTH_INGRESS names no ingress controller, such as http://127.0.0.1:8080)'];
      tested(`takes another through the Ingress' /users and /orders${why}`, async () => {
        // An ingress controller takes up a Service's new addresses one by one
        for (const path of ['users', 'orders']) await eventually(`the Ingress serves /${path}`, 20_000, async () => (await fetch(`${ingress}/${path}`)).ok);
        const user = await create(`${ingress}/users`, { email: 'ada@example.com', name: 'Ada' });
        const order = await create(`${ingress}/orders`, { user_id: user.id, product_id: 'lamp', quantity: 1 });
        expect(await read(`${ingress}/api/v1/orders/${order.id}`)).toEqual(order);
      });

      it(
        'keeps the data when every pod is deleted',
        async () => {
          const before = (await serversIn(namespace)).map(({ metadata }) => metadata.uid);
          await kubectl('delete', 'pods', '-n', namespace, '--all', '--timeout=90s');
          await settled('local');
          for (const { metadata } of await serversIn(namespace)) expect(before).not.toContain(metadata.uid);
          await throughForwards(async (users, orders) => {
            expect(await read(`${users}/api/v1/users/${made.user.id}`)).toEqual(made.user);
            expect(await read(`${orders}/api/v1/orders/${made.order.id}`)).toEqual(made.order);
          });
        },
        4 * minutes,
      );

      if (door.startsWith('kubectl'))
        it(
          `loses no acknowledged order over ${restarts} restarts of both services, and answers again within ${longestGapMs / 1_000} s`,
          expectShortGaps,
          10 * minutes,
        );
    },
    { 'the program helm': !door.startsWith('helm') || has('helm') },
  );
});

/** Each service in turn, so that each gap is one pod's. */
async function expectShortGaps(): Promise<void> {
  const load: LoadPod = await startLoadPod('local-writer');
  try {
    const env = { USERS: `http://user-service.${namespace}:8000`, ORDERS: `http://order-service.${namespace}:8000` };
    const restarted = async () => {
      await sleep(2_000);
      for (let left = restarts; left > 0; left--) {
        for (const service of services) {
          await kubectl('rollout', 'restart', '-n', namespace, `deployment/${service}`);
          await settled('local');
          await sleep(1_000);
        }
      }
    };
    const [seen] = await Promise.all([load.start<WriterReport>('writer.mjs', env), restarted().finally(() => load.stop())]);
    sayMeasured(`${2 * restarts} restarts of local`, { ...seen });
    expect(seen.lost).toEqual([]);
    expect(seen.acknowledged).toBeGreaterThan(50);
    // Without a gap nothing was restarted, and nothing shown
    expect(seen.gaps.length).toBeGreaterThanOrEqual(restarts);
    expect(Math.max(...seen.gaps)).toBeLessThanOrEqual(longestGapMs);
  } finally {
    await load.remove();
  }
}

interface WriterReport {
  readonly tried: number;
  readonly acknowledged: number;
  readonly lost: readonly object[];
  /** Milliseconds between acknowledged writes, those above a second. */
  readonly gaps: readonly number[];
  /** When the longest one ended, to look it up in the cluster's logs. */
  readonly longestUntil?: string;
  readonly errors: Readonly<Record<string, number>>;
}

async function throughForwards<T>(work: (users: string, orders: string) => Promise<T>): Promise<T> {
  const forwards = await Promise.all(services.map((service) => portForward(namespace, service)));
  try {
    return await work(forwards[0]!.url, forwards[1]!.url);
  } finally {
    for (const forward of forwards) forward.close();
  }
}

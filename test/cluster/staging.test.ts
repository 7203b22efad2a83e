import { describeOnCluster, kubectl, objectsIn, portForward, serversIn } from './cluster';
import { deploy, deployed, namespaceOf, remove, services } from './environments';
import { findsHealthy } from './doctor-stacks';
import { type Created, create, read } from './shop-client';

const minutes = 60_000;
const namespace = namespaceOf('staging');

describeOnCluster('staging on an empty cluster', () => {
  let warned: string;
  beforeAll(async () => {
    warned = await deploy('staging');
  }, 5 * minutes);
  afterAll(() => remove('staging'), 3 * minutes);

  it('is applied without a warning', () => expect(warned).toBe(''));

  it('is healthy, says doctor, and nothing else', () => findsHealthy('staging'));

  it('has two replicas of each service, and a database in the cluster', async () => {
    for (const service of deployed) expect(await serversIn(namespace, service)).toHaveLength(2);
    expect(await objectsIn(namespace, 'pods', 'app.kubernetes.io/component=database')).toHaveLength(1);
  });

  it('was migrated by its Jobs, each at its first try, and not by the pods that serve', async () => {
    const jobs = await objectsIn(namespace, 'jobs');
    expect(jobs.map(({ metadata, status }) => [metadata.labels!['app.kubernetes.io/name'], status.succeeded, status.failed ?? 0]).sort()).toEqual(
      deployed.map((service) => [service, 1, 0]),
    );
    for (const service of deployed) expect(await kubectl('exec', '-n', namespace, `deployment/${service}`, '--', 'printenv', 'MIGRATE_ON_START')).toBe('false');
  });

  it(
    'takes an order, which is there when every pod was deleted, the database’s too',
    async () => {
      const forwards = () => Promise.all(services.map((service) => portForward(namespace, service)));
      let made: { user: Created; order: Created };
      let [users, orders] = await forwards();
      try {
        const user = await create(`${users!.url}/api/v1/users`, { email: 'grace@example.com', name: 'Grace' });
        made = { user, order: await create(`${orders!.url}/api/v1/orders`, { user_id: user.id, product_id: 'lamp', quantity: 2 }) };
      } finally {
        users!.close();
        orders!.close();
      }
      await kubectl('delete', 'pods', '-n', namespace, '--all', '--timeout=120s');
      await kubectl('rollout', 'status', '-n', namespace, 'statefulset/postgres', '--timeout=120s');
      for (const service of deployed) await kubectl('rollout', 'status', '-n', namespace, `deployment/${service}`, '--timeout=120s');
      [users, orders] = await forwards();
      try {
        expect(await read(`${users!.url}/api/v1/users/${made.user.id}`)).toEqual(made.user);
        expect(await read(`${orders!.url}/api/v1/orders/${made.order.id}`)).toEqual(made.order);
      } finally {
        users!.close();
        orders!.close();
      }
    },
    5 * minutes,
  );
});

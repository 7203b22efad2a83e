import { type Databases, openDatabases } from '../services/service-kit/testing/databases';
import { createLoadClient, type LoadClient, sayMeasured, tally } from '../services/service-kit/testing/load-client';
import { type ServiceProcess, startService } from '../services/service-kit/testing/service-process';
import { storesUnderTest } from '../services/service-kit/testing/stores';

const users = '/api/v1/users';
const orders = '/api/v1/orders';
let count = 0;

describe.each(storesUnderTest())('many changes of one row at once on %s', (store) => {
  let databases: Databases;
  let usersEnv: Record<string, string>;
  let services: readonly ServiceProcess[] = [];
  let user: LoadClient;
  let order: LoadClient;

  beforeAll(async () => {
    databases = await openDatabases(store);
    usersEnv = await databases.fresh('user-service');
    const userService = await startService('user-service', usersEnv);
    const env = { ...(await databases.fresh('order-service')), USER_SERVICE_URL: userService.url };
    services = [userService, await startService('order-service', env)];
    [user, order] = services.map(({ url }) => createLoadClient(url, 100)) as [LoadClient, LoadClient];
  }, 60_000);
  afterAll(async () => {
    for (const client of [user, order]) client?.close();
    for (const service of services) await service.kill();
    await databases?.dispose();
  }, 30_000);

  const made = async () => (await user.call('POST', users, { body: { email: `row${++count}@example.com`, name: 'Row' } })).body;
  const placed = async () => (await order.call('POST', orders, { body: { user_id: (await made()).id, product_id: 'sku', quantity: 1 } })).body;
  const times = <T>(n: number, work: (i: number) => Promise<T>) => Promise.all(Array.from({ length: n }, (_, i) => work(i)));

  it.each(['users', 'orders'])('are all made where none of %s names a version, each one once, and none writes over another member', async (kind) => {
    const [client, path, subject] = kind === 'users' ? [user, users, await made()] : [order, orders, await placed()];
    const body = (i: number) => (kind === 'orders' ? { shipping_address: `Street ${i}` } : i % 2 === 0 ? { name: `Name ${i}` } : { age: i });
    const startedAt = performance.now();
    const replies = await times(60, (i) => client.call('PATCH', `${path}/${subject.id}`, { body: body(i) }));
    sayMeasured(`60 changes of one row of ${kind} on ${store}`, {
      ...tally(replies.map(({ status }) => status)),
      ms: Math.round(performance.now() - startedAt),
    });
    expect(tally(replies.map(({ status }) => status))).toEqual({ 200: 60 });
    const after = await client.call('GET', `${path}/${subject.id}`);
    expect(after.headers['etag']).toBe(`"${subject.id}-61"`);
    if (kind === 'users') expect([after.body['name'], typeof after.body['age']]).toEqual([expect.stringMatching(/^Name \d+$/), 'number']);
  });

  it('are made once where all name the same version: the others are told 412', async () => {
    const { id } = await made();
    const replies = await times(30, (i) => user.call('PATCH', `${users}/${id}`, { body: { name: `Name ${i}` }, headers: { 'if-match': `"${id}-1"` } }));
    expect(tally(replies.map(({ status }) => status))).toEqual({ 200: 1, 412: 29 });
  });

  it('let an order go one way only, whatever else changes it', async () => {
    const { id } = await placed();
    const replies = await times(40, (i) =>
      order.call('PATCH', `${orders}/${id}`, { body: i % 2 === 0 ? { shipping_address: `Street ${i}` } : { status: i % 4 === 1 ? 'shipped' : 'confirmed' } }),
    );
    for (const { status, body } of replies)
      if (status !== 200) expect(`${status} ${body.code}`).toMatch(/^409 (illegal_status_transition|order_not_editable)$/);
  });

  it.each(['users', 'orders'])('do not keep a DELETE of %s without a version from its 204, and find the row gone after it', async (kind) => {
    for (let round = 0; round < 10; round++) {
      const [client, path, subject] = kind === 'users' ? [user, users, await made()] : [order, orders, await placed()];
      const body = kind === 'users' ? { name: 'Changed' } : { shipping_address: 'Changed' };
      const replies = await times(40, (i) =>
        i === 20 ? client.call('DELETE', `${path}/${subject.id}`) : client.call('PATCH', `${path}/${subject.id}`, { body }),
      );
      expect(replies[20]!.status).toBe(204);
      for (const { status } of replies) expect([200, 204, 404]).toContain(status);
      expect((await client.call('GET', `${path}/${subject.id}`)).status).toBe(404);
    }
  });

  it('are bounded by the version that a DELETE names', async () => {
    const { id } = await made();
    await user.call('PATCH', `${users}/${id}`, { body: { name: 'Changed' } });
    expect((await user.call('DELETE', `${users}/${id}`, { headers: { 'if-match': `"${id}-1"` } })).status).toBe(412);
    expect((await user.call('DELETE', `${users}/${id}`, { headers: { 'if-match': `"${id}-2"` } })).status).toBe(204);
    expect((await user.call('DELETE', `${users}/${id}`)).status).toBe(404);
  });

  (store === 'postgres' ? it : it.skip)('(PostgreSQL only) are all made by two replicas too', async () => {
    const second = await startService('user-service', usersEnv);
    services = [...services, second];
    const other = createLoadClient(second.url, 100);
    const { id } = await made();
    const replies = await times(60, (i) => (i % 2 === 0 ? user : other).call('PATCH', `${users}/${id}`, { body: { name: `Name ${i}` } }));
    other.close();
    expect(tally(replies.map(({ status }) => status))).toEqual({ 200: 60 });
  });
});

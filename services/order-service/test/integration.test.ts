import { createApiClient } from '../../service-kit/testing/api-client';
import { expectProblem } from '../../service-kit/testing/api-expectations';
import { createOpenApiCheck, readOpenApi } from '../../service-kit/testing/openapi-check';
import { eventually } from '../../service-kit/testing/load-client';
import { type ServiceProcess, startService } from '../../service-kit/testing/service-process';
import { openShop, type Shop } from '../../service-kit/testing/shop';
import { storesUnderTest } from '../../service-kit/testing/stores';
import type { OrderServiceAnswer } from './api/orders-in-use';

/** Spec 1.6 and 1.5: how soon an unavailable peer is told, and how soon its return is noticed. */
const toldWithinMs = 2_500;
const healedWithinMs = 10_000;

describe.each(storesUnderTest())('order-service with the real user-service on %s', (store) => {
  let shop: Shop;
  let api: ReturnType<typeof createApiClient<OrderServiceAnswer>>;
  let users: ServiceProcess | undefined;

  beforeAll(async () => {
    shop = await openShop(store);
    api = createApiClient<OrderServiceAnswer>(shop.orders.url, createOpenApiCheck(await readOpenApi(shop.orders.url)));
  }, 60_000);
  afterAll(async () => {
    api.close();
    await users?.stop();
    await shop.close();
  }, 30_000);

  const place = (user_id: number, prefix = '/api/v1') =>
    api.post(`${prefix}/orders`, { user_id, items: [{ product_id: 'teapot', quantity: 2, price: 19.99 }] });

  it.each(['/api/v1', ''])('places an order for a user who exists, by %s/orders', async (prefix) => {
    const user_id = await shop.signUp();
    const placed = await place(user_id, prefix);
    expect([placed.status, placed.body.user_id, placed.body.total]).toEqual([201, user_id, 39.98]);
    expect((await api.get(`${prefix}/orders/user/${user_id}`)).body.items).toEqual([placed.body]);
  });

  it('answers 404 for a user who never was and for one who was deleted', async () => {
    expect(expectProblem(await place(987_654_321), 404, 'user_not_found').detail).toBe('User not found');
    const user_id = await shop.signUp();
    expect((await place(user_id)).status).toBe(201);
    await shop.userClient.call('DELETE', `/api/v1/users/${user_id}`);
    expectProblem(await place(user_id), 404, 'user_not_found');
    expect((await api.get(`/orders/user/${user_id}`)).body.items.length).toBe(1);
  });

  it('says 503 while user-service is gone, goes on reading, and heals when it is back', async () => {
    const user_id = await shop.signUp();
    const placed = await place(user_id);
    const { port } = shop.users;
    expect(await shop.users.stop()).toBe(0);

    const startedAt = performance.now();
    const refused = await place(user_id);
    expectProblem(refused, 503, 'user_service_unavailable');
    expect(refused.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect(performance.now() - startedAt).toBeLessThan(toldWithinMs);
    expect((await api.get(`/orders/${placed.body.id}`)).text).toBe(placed.text);
    expect((await api.send('PUT', `/orders/${placed.body.id}`, { body: { status: 'confirmed' } })).status).toBe(200);
    await eventually('ready says degraded', 5_000, async () => {
      const ready = await fetch(`${shop.orders.url}/health/ready`);
      const { status } = (await ready.json()) as { status: string };
      return ready.status === 200 && status === 'degraded';
    });

    users = await startService('user-service', { ...shop.usersEnv, PORT: String(port) });
    await eventually('an order is placed again', healedWithinMs, async () => (await place(user_id)).status === 201);
    expect((await api.get(`/orders/user/${user_id}`)).body.items.length).toBe(2);
  }, 60_000);
});

import { expectFaults, expectProblem } from '../../../service-kit/testing/api-expectations';
import { jsonAnswer, problemAnswer } from '../../../service-kit/testing/http-stub';
import { answerLikeUserService, newUserId, type OrdersInUse, unknownUser } from './orders-in-use';

/** A new order's user is checked with user-service first. @param orders - read when a test runs */
export function describeUserCheck(orders: () => OrdersInUse): void {
  afterEach(() => orders().userService.answerWith(answerLikeUserService));

  const noOrderOf = async (user_id: number) => {
    expect((await orders().api.get(`${orders().path}/user/${user_id}`)).body.items).toEqual([]);
  };
  const post = (user_id: number) => orders().api.post(orders().path, { user_id, product_id: 'p', quantity: 1 });

  it('asks user-service once, by its canonical path, and passes the ids on', async () => {
    const user_id = newUserId();
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await orders().api.post(orders().path, { user_id, product_id: 'p', quantity: 1 }, { 'x-request-id': `ask-${user_id}`, traceparent: trace });
    const asked = orders().userService.requests.filter(({ url }) => url.endsWith(`/${user_id}`));
    expect(asked.map(({ method, url }) => [method, url])).toEqual([['GET', `/api/v1/users/${user_id}`]]);
    expect(asked[0]!.headers).toMatchObject({ 'x-request-id': `ask-${user_id}`, traceparent: trace, accept: 'application/json' });
    expect(asked[0]!.headers['user-agent']).toMatch(/^order-service\//);
  });

  it('answers 404 "User not found" for a user that is unknown, and writes nothing', async () => {
    const problem = expectProblem(await post(unknownUser), 404, 'user_not_found');
    expect(problem.detail).toBe('User not found');
    await noOrderOf(unknownUser);
  });

  it('answers 503 with Retry-After while user-service is unavailable, and writes nothing', async () => {
    const user_id = newUserId();
    orders().userService.answerWith({ status: 503 });
    const reply = await post(user_id);
    expect(expectProblem(reply, 503, 'user_service_unavailable').detail).toBe('User service unavailable');
    expect(reply.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    await noOrderOf(user_id);
  });

  it.each([
    ['another user', () => jsonAnswer(200, { id: 5 })],
    ['no JSON', () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<p>ok</p>' })],
    ["a 404 that isn't its own", () => problemAnswer(404, 'not_found')],
    ['401', () => problemAnswer(401, 'unauthorized')],
  ])('answers 502 when user-service answers %s, and writes nothing', async (_what, answer) => {
    const user_id = newUserId();
    orders().userService.answerWith(answer());
    expectProblem(await post(user_id), 502, 'user_service_invalid_response');
    await noOrderOf(user_id);
  });

  it('checks the content before it asks user-service', async () => {
    const { length } = orders().userService.requests;
    expectFaults(await orders().api.post(orders().path, { user_id: newUserId(), items: [] }), '#/items');
    expect(orders().userService.requests.length).toBe(length);
  });

  it('does not ask user-service to read, list, change or delete', async () => {
    const order = await orders().place();
    const { length } = orders().userService.requests;
    const path = `${orders().path}/${order.id}`;
    const replies = [
      await orders().api.get(path),
      await orders().api.get(`${orders().path}/user/${order.user_id}`),
      await orders().api.get(`${orders().path}?user_id=${order.user_id}`),
      await orders().change(order.id, { status: 'confirmed' }),
      await orders().api.delete(path),
    ];
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 204]);
    expect(orders().userService.requests.length).toBe(length);
  });
}

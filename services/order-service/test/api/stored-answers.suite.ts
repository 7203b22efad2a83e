import { expectProblem } from '../../../service-kit/testing/api-expectations';
import { jsonAnswer, problemAnswer } from '../../../service-kit/testing/http-stub';
import { newKey } from '../../../service-kit/testing/idempotency-suite';
import { answerLikeUserService, newUserId, type OrdersInUse, unknownUser } from './orders-in-use';

/** Which answers are kept, and which a later try may better. @param orders - read when a test runs */
export function describeStoredAnswers(orders: () => OrdersInUse): void {
  afterEach(() => orders().userService.answerWith(answerLikeUserService));

  const post = (user_id: number, key: string) => orders().api.post(orders().path, { user_id, product_id: 'p', quantity: 1 }, { 'idempotency-key': key });

  it('replays a 404 even after the user has come', async () => {
    const key = newKey();
    const first = await post(unknownUser, key);
    expectProblem(first, 404, 'user_not_found');
    orders().userService.answerWith(jsonAnswer(200, { id: unknownUser }));
    const again = await post(unknownUser, key);
    expectProblem(again, 404, 'user_not_found');
    expect([again.headers['idempotency-replayed'], (await orders().api.get(`${orders().path}/user/${unknownUser}`)).body.items]).toEqual(['true', []]);
  });

  it.each([
    [503, 'user_service_unavailable', () => ({ status: 503 })],
    [502, 'user_service_invalid_response', () => problemAnswer(400, 'bad')],
  ])('does not keep a %i, so that a later try wins', async (status, code, answer) => {
    const [key, user_id] = [newKey(), newUserId()];
    orders().userService.answerWith(answer());
    expectProblem(await post(user_id, key), status, code);
    orders().userService.answerWith(answerLikeUserService);
    const later = await post(user_id, key);
    expect([later.status, later.headers['idempotency-replayed']]).toEqual([201, undefined]);
  });

  it('answers 409 with Retry-After while the first request runs, and 422 to another payload then', async () => {
    const [key, user_id] = [newKey(), newUserId()];
    orders().userService.answerWith((request) => ({ ...answerLikeUserService(request), delayMs: 400 }));
    const first = post(user_id, key);
    await new Promise((resolve) => setTimeout(resolve, 150));
    const second = await post(user_id, key);
    expectProblem(second, 409, 'idempotency_key_in_use');
    expect(second.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expectProblem(await post(newUserId(), key), 422, 'idempotency_key_reused');
    const { status, text } = await first;
    expect([status, (await post(user_id, key)).text]).toEqual([201, text]);
    expect((await orders().api.get(`${orders().path}/user/${user_id}`)).body.items.length).toBe(1);
  });

  it('replays the order as it was placed, though it was changed since', async () => {
    const [key, user_id] = [newKey(), newUserId()];
    const first = await post(user_id, key);
    await orders().change(first.body.id, { status: 'confirmed' });
    expect((await post(user_id, key)).text).toBe(first.text);
  });

  it('replays without asking user-service again', async () => {
    const [key, user_id] = [newKey(), newUserId()];
    await post(user_id, key);
    const { length } = orders().userService.requests;
    await post(user_id, key);
    expect(orders().userService.requests.length).toBe(length);
  });
}

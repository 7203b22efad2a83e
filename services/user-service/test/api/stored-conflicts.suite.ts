import { expectProblem } from '../../../service-kit/testing/api-expectations';
import { newKey } from '../../../service-kit/testing/idempotency-suite';
import type { UsersInUse } from './users-in-use';

/** A conflict is an answer that is kept. @param users - read when a test runs */
export function describeStoredConflicts(users: () => UsersInUse): void {
  it('replays a 409 even after the address became free, with the request id of the one who asks', async () => {
    const { id, email } = await users().signUp();
    const key = newKey();
    const post = () => users().api.post(users().path, { email, name: 'Late' }, { 'idempotency-key': key });
    const first = await post();
    expectProblem(first, 409, 'email_taken');
    await users().api.delete(`${users().path}/${id}`);
    const again = await post();
    expectProblem(again, 409, 'email_taken');
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
  });

  it('replays a 201 after its user was deleted, and makes no second one', async () => {
    const body = users().newBody();
    const key = newKey();
    const first = await users().api.post(users().path, body, { 'idempotency-key': key });
    await users().api.delete(`${users().path}/${first.body.id}`);
    const again = await users().api.post(users().path, body, { 'idempotency-key': key });
    expect([again.status, again.text]).toEqual([201, first.text]);
    expectProblem(await users().api.get(`${users().path}/${first.body.id}`), 404, 'user_not_found');
  });
}

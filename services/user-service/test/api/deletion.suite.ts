import { expectProblem } from '../../../service-kit/testing/api-expectations';
import type { UsersInUse } from './users-in-use';

/** Deleting users. @param users - read when a test runs */
export function describeDeletion(users: () => UsersInUse): void {
  it('answers 204 without a body, and from then on 404', async () => {
    const { id } = await users().signUp();
    const path = `${users().path}/${id}`;
    const reply = await users().api.delete(path);
    expect([reply.status, reply.text, reply.headers['content-type']]).toEqual([204, '', undefined]);
    const after = [users().api.get(path), users().api.delete(path), users().change(id, { name: 'x' })];
    for (const gone of await Promise.all(after)) expectProblem(gone, 404, 'user_not_found');
    expect((await users().readAll()).some((user) => user.id === id)).toBe(false);
  });

  it('never gives a deleted id again', async () => {
    const last = await users().signUp();
    expect((await users().api.delete(`${users().path}/${last.id}`)).status).toBe(204);
    const next = await users().signUp();
    expect(next.id).toBeGreaterThan(last.id);
  });

  it('frees the e-mail address', async () => {
    const { id, email } = await users().signUp();
    await users().api.delete(`${users().path}/${id}`);
    await users().signUp({ email: email.toUpperCase() });
  });

  it('answers one of ten at once with 204 and the others with 404', async () => {
    const { id } = await users().signUp();
    const replies = await Promise.all(Array.from({ length: 10 }, () => users().api.delete(`${users().path}/${id}`)));
    expect(replies.map(({ status }) => status).sort()).toEqual([204, ...Array<number>(9).fill(404)]);
  });
}

import { setTimeout as sleep } from 'node:timers/promises';
import { expectFaults, expectProblem, isoTime } from '../../../service-kit/testing/api-expectations';
import { newEmail, type UserAnswer, type UsersInUse } from './users-in-use';

/** Changing a user. @param users - read when a test runs */
export function describeChanges(users: () => UsersInUse, method: 'PUT' | 'PATCH'): void {
  const change = (id: number, body: unknown) => users().api.send(method, `${users().path}/${id}`, { body });

  const subsets: readonly (readonly [string, () => Partial<UserAnswer>])[] = [
    ['email', () => ({ email: newEmail() })],
    ['name', () => ({ name: 'Grace' })],
    ['age', () => ({ age: 0 })],
    ['age to null', () => ({ age: null })],
    ['email and name', () => ({ email: newEmail(), name: 'Grace' })],
    ['email and age', () => ({ email: newEmail(), age: 150 })],
    ['name and age', () => ({ name: 'Grace', age: null })],
    ['all three', () => ({ email: newEmail(), name: 'Grace', age: 79 })],
  ];

  it.each(subsets)('changes %s, and members that are not sent stay', async (_which, make) => {
    const user = await users().signUp({ age: 36 });
    await sleep(3);
    const changes = make();
    const reply = await change(user.id, changes);
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({ ...user, ...changes, updated_at: expect.stringMatching(isoTime) as unknown });
    expect(reply.body.updated_at > user.updated_at).toBe(true);
    const read = await users().api.get(`${users().path}/${user.id}`);
    expect([read.text, read.headers['etag']]).toEqual([reply.text, reply.headers['etag']]);
  });

  it('changes the ETag with each change', async () => {
    const { id } = await users().signUp();
    const tags = [await users().api.get(`${users().path}/${id}`), await change(id, { age: 1 }), await change(id, { age: 1 })].map(
      ({ headers }) => headers['etag'],
    );
    expect(new Set(tags).size).toBe(3);
  });

  it('trims a name and lets a user write the own address in another case', async () => {
    const { id, email } = await users().signUp();
    const reply = await change(id, { name: '  Grace ', email: email.toUpperCase() });
    expect([reply.status, reply.body.name, reply.body.email]).toEqual([200, 'Grace', email.toUpperCase()]);
  });

  it("answers 409 to another user's address in any case, and changes nothing", async () => {
    const [one, other] = [await users().signUp(), await users().signUp()];
    expectProblem(await change(one.id, { name: 'Lost', email: other.email.toUpperCase() }), 409, 'email_taken');
    expect(await users().read(one.id)).toEqual(one);
  });

  it('frees an address that its user gave up', async () => {
    const user = await users().signUp();
    await change(user.id, { email: newEmail() });
    await users().signUp({ email: user.email });
  });

  const faults: readonly (readonly [string, unknown, readonly string[]])[] = [
    ['nothing', {}, ['#']],
    ['a null e-mail address', { email: null }, ['#/email']],
    ['a null name', { name: null }, ['#/name']],
    ['an unknown member', { nickname: 'x' }, ['#/nickname']],
    ['a known and an unknown member', { name: 'x', id: 1 }, ['#/id']],
    ['the times', { created_at: '2020-01-01T00:00:00.000Z', updated_at: null }, ['#/created_at', '#/updated_at']],
    ['three faults', { email: 'x', name: '', age: 1.5 }, ['#/email', '#/name', '#/age']],
    ['null', null, ['#']],
    ['an array', [{ name: 'x' }], ['#']],
  ];

  it.each(faults)('answers 422 to %s and changes nothing', async (_what, body, pointers) => {
    const user = await users().signUp();
    expectFaults(await change(user.id, body), ...pointers);
    expect(await users().read(user.id)).toEqual(user);
  });

  it('holds the bounds of a sign-up', async () => {
    const { id } = await users().signUp();
    for (const good of [{ name: 'x'.repeat(255) }, { age: 150 }, { age: 0 }]) expect((await change(id, good)).status).toBe(200);
    for (const bad of [{ name: 'x'.repeat(256) }, { age: 151 }, { age: -1 }, { email: 'a@' }]) expect((await change(id, bad)).status).toBe(422);
  });

  it('answers 404 for a user that is unknown', async () => {
    expectProblem(await change(987_654_321, { name: 'x' }), 404, 'user_not_found');
  });

  it('loses no change when two at once change different members', async () => {
    const user = await users().signUp();
    const replies = await Promise.all([change(user.id, { name: 'Both' }), change(user.id, { age: 40 })]);
    expect(replies.map(({ status }) => status)).toEqual([200, 200]);
    expect(await users().read(user.id)).toMatchObject({ name: 'Both', age: 40, email: user.email });
  });
}

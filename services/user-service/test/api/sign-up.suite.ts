import { expectFaults, expectProblem, isoTime } from '../../../service-kit/testing/api-expectations';
import { newEmail, type UsersInUse } from './users-in-use';

/** Signing up. @param users - read when a test runs */
export function describeSignUp(users: () => UsersInUse): void {
  it('answers 201 with the user, its Location and its ETag', async () => {
    const email = newEmail();
    const reply = await users().api.post(users().path, { email, name: 'Grace Hopper', age: 85 });
    const { id } = reply.body;
    expect(reply.status).toBe(201);
    expect(Number.isSafeInteger(id) && id > 0).toBe(true);
    expect(reply.body).toEqual({
      ...{ id, email, name: 'Grace Hopper', age: 85 },
      ...{ created_at: expect.stringMatching(isoTime) as unknown, updated_at: reply.body.created_at },
    });
    expect(Object.keys(reply.body)).toEqual(['id', 'email', 'name', 'age', 'created_at', 'updated_at']);
    expect(reply.headers).toMatchObject({ location: `/api/v1/users/${id}`, 'content-type': 'application/json; charset=utf-8' });
    const read = await users().api.get(reply.headers['location']!);
    expect([read.text, read.headers['etag']]).toEqual([reply.text, reply.headers['etag']]);
  });

  it('tells the time of the sign-up', async () => {
    const before = Date.now();
    const { created_at } = await users().signUp();
    expect(Date.parse(created_at)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(created_at)).toBeLessThanOrEqual(Date.now());
  });

  it('keeps an e-mail address as it was written, trims a name, and knows no age as null', async () => {
    const email = newEmail().replace('user', 'UsEr');
    expect(await users().signUp({ email, name: ' \t Ada  Lovelace \n' })).toMatchObject({ email, name: 'Ada  Lovelace', age: null });
    expect(await users().signUp({ age: null })).toMatchObject({ age: null });
  });

  it('gives ids that grow', async () => {
    const ids = [await users().signUp(), await users().signUp(), await users().signUp()].map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
  });

  it.each([
    ['in upper case', (email: string) => email.toUpperCase()],
    ['in mixed case', (email: string) => email.replace('user', 'uSeR')],
    ['as it is', (email: string) => email],
  ])('answers 409 to an address that is taken, written %s', async (_how, spelled) => {
    const { email } = await users().signUp();
    const problem = expectProblem(await users().api.post(users().path, { email: spelled(email), name: 'Other' }), 409, 'email_taken');
    expect(problem.detail).not.toContain(email);
  });

  it.each([
    ['Σίσυφος@example.com', 'ΣΊΣΥΦΟΣ@EXAMPLE.COM'],
    ['ÅSA@example.com', 'a\u030asa@example.com'],
    ['ЖУК@example.com', 'жук@example.com'],
    ['straße@example.com', 'STRASSE@EXAMPLE.COM'],
    ['µ@example.com', 'Μ@EXAMPLE.COM'],
    ['ǰan@example.com', 'J\u030cAN@EXAMPLE.COM'],
  ])('knows an address beyond ASCII without regard to case and composition: %s', async (first, second) => {
    const at = (email: string) => email.replace('@', `${newEmail().replace(/\D/g, '')}@`);
    const local = at(first);
    await users().signUp({ email: local });
    const digits = /\d+/.exec(local)![0];
    expectProblem(await users().api.post(users().path, { email: second.replace('@', `${digits}@`), name: 'Other' }), 409, 'email_taken');
  });

  it('lets one of fifty at once win, in whatever case they write it', async () => {
    const email = newEmail();
    const spellings = Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? email : email.toUpperCase()));
    const replies = await Promise.all(spellings.map((spelling) => users().api.post(users().path, { email: spelling, name: 'Racer' })));
    expect(replies.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(49).fill(409)]);
  });

  it('tells all faults at once, each at its pointer', async () => {
    const reply = await users().api.post(users().path, { email: 'nobody', name: '  ', age: 151, admin: true, 'a/b~c d': 1 });
    const problem = expectFaults(reply, '#/email', '#/name', '#/age', '#/admin', '#/a~1b~0c%20d');
    expect(problem.detail).toMatch(/5 faults/);
  });

  it('names every member that is missing', async () => {
    expectFaults(await users().api.post(users().path, {}), '#/email', '#/name');
  });

  it('checks the content before it looks for the address', async () => {
    const { email } = await users().signUp();
    expectFaults(await users().api.post(users().path, { email, name: '' }), '#/name');
  });
}

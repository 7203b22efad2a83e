import { expectProblem } from '../../../service-kit/testing/api-expectations';
import type { UsersInUse } from './users-in-use';

/** Reading one user. @param users - read when a test runs */
export function describeReading(users: () => UsersInUse): void {
  it('answers 200 with the user and an ETag', async () => {
    const user = await users().signUp({ age: 36 });
    const reply = await users().api.get(`${users().path}/${user.id}`);
    expect([reply.status, reply.body]).toEqual([200, user]);
    expect(reply.headers['etag']).toMatch(/^"[!#-~]+"$/);
    expect(reply.headers['cache-control']).toBe('private, no-cache');
  });

  it('answers 404 with "User not found" for one that is unknown', async () => {
    const problem = expectProblem(await users().api.get(`${users().path}/987654321`), 404, 'user_not_found');
    expect(problem).toMatchObject({ detail: 'User not found', instance: `${users().path}/987654321` });
  });

  const matching: readonly (readonly [string, (tag: string) => string])[] = [
    ['its ETag', (tag) => tag],
    ['its ETag as a weak one', (tag) => `W/${tag}`],
    ['a list with it', (tag) => `"other", ${tag}`],
    ['a list with it as a weak one', (tag) => `"other",W/${tag}, "third"`],
    ['*', () => '*'],
  ];

  it.each(matching)('answers 304 to If-None-Match with %s', async (_what, header) => {
    const { id } = await users().signUp();
    const { headers } = await users().api.get(`${users().path}/${id}`);
    const etag = headers['etag']!;
    for (const method of ['GET', 'HEAD']) {
      const reply = await users().api.send(method, `${users().path}/${id}`, { headers: { 'if-none-match': header(etag) } });
      expect([reply.status, reply.text, reply.headers['etag'], reply.headers['content-type']]).toEqual([304, '', etag, undefined]);
    }
  });

  const different: readonly (readonly [string, (tag: string) => string])[] = [
    ['another tag', () => '"other"'],
    ['its ETag without quotes', (tag) => tag.replaceAll('"', '')],
    ['a tag that begins with it', (tag) => `${tag.slice(0, -1)}0"`],
    ['nothing', () => ''],
  ];

  it.each(different)('answers 200 to If-None-Match with %s', async (_what, header) => {
    const { id } = await users().signUp();
    const { headers } = await users().api.get(`${users().path}/${id}`);
    const reply = await users().api.get(`${users().path}/${id}`, { 'if-none-match': header(headers['etag']!) });
    expect([reply.status, reply.body.id]).toEqual([200, id]);
  });

  it('answers 200 to an old ETag after a change, with a new one', async () => {
    const { id } = await users().signUp();
    const old = (await users().api.get(`${users().path}/${id}`)).headers['etag']!;
    const changed = await users().change(id, { name: 'New' });
    const reply = await users().api.get(`${users().path}/${id}`, { 'if-none-match': old });
    expect([reply.status, reply.body.name, reply.headers['etag']]).toEqual([200, 'New', changed.headers['etag']]);
    expect(reply.headers['etag']).not.toBe(old);
  });

  it('gives two users different ETags', async () => {
    const [one, other] = [await users().signUp(), await users().signUp()];
    const tags = await Promise.all([one, other].map(async ({ id }) => (await users().api.get(`${users().path}/${id}`)).headers['etag']));
    expect(tags[0]).not.toBe(tags[1]);
  });

  it('answers 404, not 304, to If-None-Match for one that is unknown', async () => {
    expectProblem(await users().api.get(`${users().path}/987654321`, { 'if-none-match': '*' }), 404, 'user_not_found');
  });
}

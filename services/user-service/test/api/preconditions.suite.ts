import { expectProblem } from '../../../service-kit/testing/api-expectations';
import type { UsersInUse } from './users-in-use';

/** Conditional writes (RFC 9110 section 13.1.1: strong comparison). @param users - read when a test runs */
export function describePreconditions(users: () => UsersInUse): void {
  const tagged = async () => {
    const { id } = await users().signUp();
    const path = `${users().path}/${id}`;
    return { id, path, etag: (await users().api.get(path)).headers['etag']! };
  };
  const writes = ['PUT', 'PATCH', 'DELETE'] as const;
  const write = (method: (typeof writes)[number], path: string, header: string) =>
    users().api.send(method, path, { ...(method !== 'DELETE' && { body: { name: 'Conditional' } }), headers: { 'if-match': header } });

  const passing: readonly (readonly [string, (tag: string) => string])[] = [
    ['the ETag', (tag) => tag],
    ['a list with the ETag', (tag) => `"other" , ${tag},"third"`],
    ['*', () => '*'],
  ];

  describe.each(writes)('on %s', (method) => {
    it.each(passing)('lets %s through', async (_what, header) => {
      const { path, etag } = await tagged();
      expect((await write(method, path, header(etag))).status).toBe(method === 'DELETE' ? 204 : 200);
    });

    const failing: readonly (readonly [string, (tag: string) => string])[] = [
      ['another tag', () => '"other"'],
      ['the ETag as a weak one', (tag) => `W/${tag}`],
      ['the ETag without quotes', (tag) => tag.replaceAll('"', '')],
      ['nothing', () => ''],
      ['a list without the ETag', () => '"a", "b"'],
    ];

    it.each(failing)('answers 412 to %s, and changes nothing', async (_what, header) => {
      const { path, etag } = await tagged();
      expectProblem(await write(method, path, header(etag)), 412, 'precondition_failed');
      expect((await users().api.get(path)).headers['etag']).toBe(etag);
    });

    it('answers 412 to an ETag of before a change', async () => {
      const { id, path, etag } = await tagged();
      await users().change(id, { age: 5 });
      expectProblem(await write(method, path, etag), 412, 'precondition_failed');
    });

    it('answers 404 for a user that is unknown', async () => {
      expectProblem(await write(method, `${users().path}/987654321`, '"1-1"'), 404, 'user_not_found');
    });
  });

  it('lets exactly one of twenty writers with the same ETag win', async () => {
    const { path, etag } = await tagged();
    const names = Array.from({ length: 20 }, (_, i) => `Writer ${i}`);
    const replies = await Promise.all(names.map((name) => users().api.put(path, { name }, { 'if-match': etag })));
    const winners = replies.filter(({ status }) => status === 200);
    expect([winners.length, replies.filter(({ status }) => status === 412).length]).toEqual([1, 19]);
    expect((await users().api.get(path)).text).toBe(winners[0]!.text);
  });

  it('gives the ETag of a change for the next one', async () => {
    const { path, etag } = await tagged();
    const first = await users().api.put(path, { age: 1 }, { 'if-match': etag });
    const second = await users().api.put(path, { age: 2 }, { 'if-match': first.headers['etag'] });
    expect([first.status, second.status]).toEqual([200, 200]);
  });
}

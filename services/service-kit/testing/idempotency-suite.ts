import type { ApiReply } from './api-client';
import { expectProblem } from './api-expectations';
import type { Collection } from './protocol-suite';

let lastKey = 0;
let shortKeys = 0;

/** A key that no other test uses. */
export function newKey(): string {
  return `key-${process.pid}-${++lastKey}`;
}

const replayed = ({ headers }: ApiReply<unknown>) => headers['idempotency-replayed'];

/** What the IETF's idempotency-key draft asks of every POST that creates. @param subject - read when a test runs */
export function describeIdempotency(subject: () => Collection): void {
  const post = (body: unknown, key: string) => subject().api.post(subject().path, body, { 'idempotency-key': key });

  it('replays the first answer to the same request with the same key, and makes one row', async () => {
    const [key, body] = [newKey(), subject().newBody()];
    const first = await post(body, key);
    expect([first.status, replayed(first)]).toEqual([201, undefined]);
    for (const form of [key, `"${key}"`]) {
      const again = await post(body, form);
      expect([again.status, again.text, replayed(again)]).toEqual([201, first.text, 'true']);
      for (const name of ['location', 'etag', 'content-type']) expect(again.headers[name]).toBe(first.headers[name]);
    }
  });

  it('knows the same request by its content, not by its spelling', async () => {
    const [key, body] = [newKey(), subject().newBody()];
    const first = await post(body, key);
    const turned = JSON.stringify(Object.fromEntries(Object.entries(body).reverse()), undefined, 4);
    const again = await subject().api.send('POST', subject().path, { raw: turned, headers: { 'idempotency-key': key } });
    expect([again.status, again.text, replayed(again)]).toEqual([201, first.text, 'true']);
  });

  it('answers the alias and the canonical path from one key', async () => {
    const [key, body] = [newKey(), subject().newBody()];
    const first = await post(body, key);
    const other = subject().path.startsWith('/api/v1') ? subject().path.replace('/api/v1', '') : `/api/v1${subject().path}`;
    const again = await subject().api.post(other, body, { 'idempotency-key': key });
    expect([again.text, replayed(again)]).toEqual([first.text, 'true']);
  });

  it('answers 422 to another request with the same key, and keeps the first', async () => {
    const [key, body] = [newKey(), subject().newBody()];
    const first = await post(body, key);
    const other = await post(subject().newBody(), key);
    expectProblem(other, 422, 'idempotency_key_reused');
    expect((await post(body, key)).text).toBe(first.text);
  });

  it('does not keep a refused request, so that the corrected one wins with the same key', async () => {
    const key = newKey();
    expectProblem(await post({}, key), 422, 'invalid_content');
    expectProblem(await subject().api.send('POST', subject().path, { raw: '{', headers: { 'idempotency-key': key } }), 400, 'malformed_json');
    const corrected = await post(subject().newBody(), key);
    expect([corrected.status, replayed(corrected)]).toEqual([201, undefined]);
  });

  it('makes one row of twenty equal requests at once: each is answered 201 alike or 409 with Retry-After', async () => {
    const [key, body] = [newKey(), subject().newBody()];
    const replies = await Promise.all(Array.from({ length: 20 }, () => post(body, key)));
    const [won, lost] = [replies.filter(({ status }) => status === 201), replies.filter(({ status }) => status !== 201)];
    expect(new Set(won.map(({ text }) => text)).size).toBe(1);
    for (const reply of lost) {
      expectProblem(reply, 409, 'idempotency_key_in_use');
      expect(reply.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    }
    expect((await post(body, key)).text).toBe(won[0]?.text);
  });

  it.each([
    ['one character', 'k'],
    ['255 characters', 'k'.repeat(255)],
    ['255 characters in quotes', `"${'k'.repeat(255)}"`],
    ['spaces in quotes', '"a key with spaces"'],
    ['printable signs', "!#$%&'()*+,-./:;<=>?@[]^_`{|}~"],
  ])('takes a key of %s', async (_what, key) => {
    expect((await post(subject().newBody(), uniqueLike(key))).status).toBe(201);
  });

  it.each([
    ['nothing', ''],
    ['empty quotes', '""'],
    ['256 characters', 'k'.repeat(256)],
    ['256 characters in quotes', `"${'k'.repeat(256)}"`],
    ['two words', 'two words'],
    ['letters beyond ASCII', 'clé'],
    ['half a pair of quotes', '"key'],
    ['a quote inside', 'a"b'],
  ])('answers 400 to a key of %s', async (_what, key) => {
    expectProblem(await post(subject().newBody(), key), 400, 'invalid_idempotency_key');
  });

  it('answers 400 to two keys', async () => {
    const reply = await subject().api.send('POST', subject().path, { body: subject().newBody(), headers: { 'idempotency-key': [newKey(), newKey()] } });
    expectProblem(reply, 400, 'invalid_idempotency_key');
  });
}

/** The same shape of key, not used before: its last characters are a counter where it is long enough. */
function uniqueLike(key: string): string {
  const count = String(++lastKey);
  if (key.length === 1) return String.fromCharCode('A'.charCodeAt(0) + shortKeys++);
  return key.startsWith('"') ? `"${count}${key.slice(1 + count.length)}` : count + key.slice(count.length);
}

import { storesUnderTest } from '../../service-kit/testing/stores';
import { playScript, type ScriptedCall } from '../../service-kit/testing/transcript';

const key = { 'idempotency-key': 'sign-up-1' };

/** Every call and every kind of answer once. Conflicts come last: PostgreSQL spends an id on one. */
const script: readonly ScriptedCall[] = [
  ['GET', '/api/v1/users'],
  ['POST', '/api/v1/users', { body: { email: 'Ada@Example.com', name: ' Ada Lovelace ', age: 36 } }],
  ['POST', '/users', { body: { email: 'grace@example.com', name: 'Grace 👩‍🚀' }, headers: key }],
  ['POST', '/api/v1/users', { body: { email: 'grace@example.com', name: 'Grace 👩‍🚀' }, headers: key }],
  ['POST', '/api/v1/users', { body: { email: 'other@example.com', name: 'Other' }, headers: key }],
  ['POST', '/api/v1/users', { body: { email: 'linus@example.com', name: 'Linus', age: null } }],
  ['GET', '/api/v1/users/1'],
  ['HEAD', '/users/1'],
  ['GET', '/users/1', { headers: { 'if-none-match': '"1-1"' } }],
  ['GET', '/api/v1/users?limit=2'],
  ['GET', '/users?limit=2&cursor=2'],
  ['GET', '/users?limit=1&offset=1'],
  ['GET', '/users?email=ADA@example.com'],
  ['GET', '/users?limit=0&cursor=x&page=1'],
  ['PUT', '/api/v1/users/1', { body: { age: null } }],
  ['PATCH', '/users/1', { body: { name: 'Countess' }, headers: { 'if-match': '"1-2"' } }],
  ['PATCH', '/users/1', { body: { name: 'Late' }, headers: { 'if-match': '"1-2"' } }],
  ['PUT', '/users/1', { body: {} }],
  ['DELETE', '/users/3', { headers: { 'if-match': '"3-9"' } }],
  ['DELETE', '/users/3'],
  ['GET', '/users/3'],
  ['POST', '/users', { body: { email: 'next@example.com', name: 'Next' } }],
  ['POST', '/users', { body: { email: 'x', name: '', age: 151, admin: true } }],
  ['POST', '/users', { raw: '{' }],
  ['POST', '/users', { raw: '{}', headers: { 'content-type': 'text/plain' } }],
  ['GET', '/users/0'],
  ['GET', '/users/9007199254740991'],
  ['DELETE', '/users'],
  ['OPTIONS', '/users/1'],
  ['GET', '/nothing'],
  ['GET', '/health'],
  ['GET', '/health/live'],
  ['PUT', '/users/1', { body: { email: 'GRACE@example.com' } }],
  ['POST', '/users', { body: { email: 'GRACE@example.com', name: 'Second' } }],
];

it('gives the same answers on every store: the same members in the same order, the same types, the same headers', async () => {
  const transcripts = [];
  for (const store of storesUnderTest()) transcripts.push(await playScript('user-service', store, script));
  const [first, ...others] = transcripts;
  expect(first?.split('\n\n').length).toBe(script.length);
  for (const other of others) expect(other).toBe(first);
  // The snapshot holds both stores to one another also where each runs in a run of its own.
  expect(first).toMatchSnapshot();
}, 60_000);

import { storesUnderTest } from '../../service-kit/testing/stores';
import { playScript, type ScriptedCall } from '../../service-kit/testing/transcript';
import { startUserServiceStub, unknownUser } from './api/orders-in-use';

const key = { 'idempotency-key': 'order-1' };
const items = [
  { product_id: 'sku-1', product_name: 'Blue teapot', quantity: 3, price: 19.99 },
  { product_id: 7, quantity: 1, price: 0.5 },
];

/** Every call and every kind of answer once. */
const script: readonly ScriptedCall[] = [
  ['GET', '/api/v1/orders'],
  ['POST', '/api/v1/orders', { body: { user_id: 1, items, shipping_address: ' 12 Harbour Road, Kiel ' } }],
  ['POST', '/orders', { body: { user_id: '9007199254740991', product_id: 'sku-1', quantity: 10_000 }, headers: key }],
  ['POST', '/api/v1/orders', { body: { user_id: '9007199254740991', product_id: 'sku-1', quantity: 10_000 }, headers: key }],
  ['POST', '/api/v1/orders', { body: { user_id: 1, product_id: 'sku-1', quantity: 1 }, headers: key }],
  ['POST', '/orders', { body: { user_id: unknownUser, product_id: 'p', quantity: 1 } }],
  ['POST', '/orders', { body: { user_id: 1, items: [{ product_id: 'p', quantity: 10_000, price: 9_999_999.99 }] } }],
  ['GET', '/api/v1/orders/1'],
  ['HEAD', '/orders/1'],
  ['GET', '/orders/1', { headers: { 'if-none-match': 'W/"1-1"' } }],
  ['GET', '/api/v1/orders?limit=2'],
  ['GET', '/orders?limit=2&cursor=2'],
  ['GET', '/orders?user_id=1&status=pending&limit=1&offset=0'],
  ['GET', '/orders/user/1?limit=1'],
  ['GET', '/api/v1/orders/user/5'],
  ['GET', '/orders?status=done&limit=101'],
  ['PUT', '/api/v1/orders/1', { body: { items: [{ product_id: 'z', quantity: 2, price: 0.1 }] } }],
  ['PATCH', '/orders/1', { body: { status: 'confirmed', shipping_address: null }, headers: { 'if-match': '"1-2"' } }],
  ['PATCH', '/orders/1', { body: { status: 'shipped' }, headers: { 'if-match': '"1-2"' } }],
  ['PUT', '/orders/1', { body: { items } }],
  ['PUT', '/orders/1', { body: { status: 'pending' } }],
  ['PUT', '/orders/1', { body: { status: 'shipped' } }],
  ['PUT', '/orders/1', { body: { shipping_address: 'Elsewhere' } }],
  ['PUT', '/orders/1', { body: {} }],
  ['DELETE', '/orders/3'],
  ['GET', '/orders/3'],
  ['POST', '/orders', { body: { user_id: 2, product_id: 'p', quantity: 1 } }],
  ['POST', '/orders', { body: { user_id: 0, items: [{ product_id: '', quantity: 0, price: 0.001, x: 1 }], status: 'pending' } }],
  ['POST', '/orders', { raw: '[' }],
  ['GET', '/orders/user/0'],
  ['GET', '/orders/9007199254740991'],
  ['POST', '/orders/user/1', { body: {} }],
  ['OPTIONS', '/orders'],
  ['GET', '/health/live'],
];

it('gives the same answers on every store: the same members in the same order, the same types, the same headers', async () => {
  const userService = await startUserServiceStub();
  const transcripts = [];
  for (const store of storesUnderTest()) transcripts.push(await playScript('order-service', store, script, { USER_SERVICE_URL: userService.url }));
  await userService.close();
  const [first, ...others] = transcripts;
  expect(first?.split('\n\n').length).toBe(script.length);
  for (const other of others) expect(other).toBe(first);
  // The snapshot holds both stores to one another also where each runs in a run of its own.
  expect(first).toMatchSnapshot();
}, 60_000);

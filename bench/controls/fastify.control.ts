// fastify with the services' features: schemas in and out, request log, histogram and counter, security headers, ETag, request id.
import { randomUUID } from 'node:crypto';
import fastify from 'fastify';
import pino from 'pino';
import { collectDefaultMetrics, Counter, Histogram, register } from 'prom-client';
import { newOrder, newUser, order, params, user } from './fastify-schemas';
import securityHeaders from './security-headers.json';
import { type NewOrder, type NewUser, openShop, orderJson } from './sqlite-shop';

const shop = openShop(process.env['SHOP_DB_PATH']!);
const labelNames = ['method', 'route', 'status'] as const;
const duration = new Histogram({ name: 'http_request_duration_seconds', help: 'Request duration', labelNames });
const requests = new Counter({ name: 'http_requests_total', help: 'Requests', labelNames });
collectDefaultMetrics();

// One line a request through a buffered destination, as the services write it: fastify's own two lines, unbuffered, cost more.
const loggerInstance = pino({ base: { service: 'fastify' } }, pino.destination({ dest: 1, sync: false, minLength: 4096 }));
const app = fastify({ loggerInstance, disableRequestLogging: true, genReqId: () => randomUUID(), requestIdHeader: 'x-request-id' });

app.addHook('onRequest', (request, reply, done) => {
  reply.headers(securityHeaders).header('x-request-id', request.id);
  done();
});
app.addHook('onResponse', (request, reply, done) => {
  const route = request.routeOptions.url ?? 'unmatched';
  const labels = { method: request.method, route, status: reply.statusCode };
  duration.observe(labels, reply.elapsedTime / 1000);
  requests.inc(labels);
  request.log.info({ ...labels, duration_ms: reply.elapsedTime }, 'request');
  done();
});

app.get('/metrics', async (_request, reply) => reply.type(register.contentType).send(await register.metrics()));
app.get<{ Params: { id: number } }>('/api/v1/users/:id', { schema: { params, response: { 200: user } } }, (request, reply) => {
  const found = shop.findUser(request.params.id);
  if (found === undefined) reply.code(404).send({ detail: 'User not found' });
  else reply.header('etag', `"${found.id}-1"`).header('cache-control', 'private, no-cache').send(found);
});
app.post<{ Body: NewUser }>('/api/v1/users', { schema: { body: newUser, response: { 201: user } } }, (request, reply) => {
  const added = shop.addUser(request.body);
  reply.code(201).header('location', `/api/v1/users/${added.id}`).header('etag', `"${added.id}-1"`).send(added);
});
app.get<{ Params: { id: number } }>('/api/v1/orders/:id', { schema: { params, response: { 200: order } } }, (request, reply) => {
  const found = shop.findOrder(request.params.id);
  if (found === undefined) reply.code(404).send({ detail: 'Order not found' });
  else reply.header('etag', `"${found.id}-1"`).header('cache-control', 'private, no-cache').send(orderJson(found));
});
app.post<{ Body: NewOrder }>('/api/v1/orders', { schema: { body: newOrder, response: { 201: order } } }, (request, reply) => {
  const added = shop.addOrder(request.body);
  reply.code(201).header('location', `/api/v1/orders/${added.id}`).header('etag', `"${added.id}-1"`).send(orderJson(added));
});

process.once('disconnect', () => process.exit());
app.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' }).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});

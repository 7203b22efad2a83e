import { declareService } from '@berth/service-kit/declaration';

/** What others need to know about order-service. */
export const orderService = declareService({
  name: 'order-service',
  port: 8001,
  description: "Owns orders. Asks user-service whether an order's user exists before it writes the order.",
  paths: ['/orders'],
  configuration: {
    ORDER_DB_PATH: {
      kind: 'text',
      default: './data/order_service.db',
      description: 'SQLite file, used while DATABASE_URL is unset; made when it is not there',
    },
    USER_SERVICE_URL: {
      kind: 'url',
      schemes: ['http', 'https'],
      default: 'http://localhost:8000',
      description: "user-service's base URL",
    },
    USER_SERVICE_TIMEOUT_MS: {
      kind: 'integer',
      minimum: 10,
      maximum: 60_000,
      default: 800,
      description: 'Longest time in milliseconds for one try of a call to user-service',
    },
    USER_SERVICE_DEADLINE_MS: {
      kind: 'integer',
      minimum: 10,
      maximum: 60_000,
      default: 2_500,
      description: 'Longest time in milliseconds for all tries of a call together',
    },
    USER_SERVICE_MAX_TRIES: {
      kind: 'integer',
      minimum: 1,
      maximum: 10,
      default: 3,
      description: 'Most tries of a call, the first included',
    },
  },
  peers: [{ name: 'user-service', urlVariable: 'USER_SERVICE_URL' }],
  store: { pathVariable: 'ORDER_DB_PATH', database: 'orderdb', schema: 2, schemaMinimum: 2 },
  metrics: [],
  resources: { cpu: '150m', cpuLimit: '1000m', memory: '256Mi', disk: '64Mi' },
  scaling: { maximumReplicas: 10, targetCpuPercent: 70 },
  checks: [
    {
      name: 'an order of a new user is made, read and deleted',
      steps: [
        {
          service: 'user-service',
          method: 'POST',
          path: '/api/v1/users',
          body: { email: 'check-{unique}@berth.example', name: 'Check' },
          status: 201,
          keep: { user: 'id' },
        },
        {
          service: 'order-service',
          method: 'POST',
          path: '/api/v1/orders',
          body: { user_id: '{user}', product_id: 'check', quantity: 1 },
          status: 201,
          keep: { order: 'id' },
        },
        { service: 'order-service', method: 'GET', path: '/api/v1/orders/{order}', status: 200 },
        { service: 'order-service', method: 'DELETE', path: '/api/v1/orders/{order}', status: 204, cleanUp: true },
        { service: 'user-service', method: 'DELETE', path: '/api/v1/users/{user}', status: 204, cleanUp: true },
      ],
    },
  ],
  flows: [
    {
      name: 'order',
      title: 'Order flow',
      steps: [
        { service: 'order-service', method: 'POST', route: '/orders' },
        { service: 'user-service', method: 'GET', route: '/users/{id}' },
        { service: 'order-service', method: 'PUT', route: '/orders/{id}' },
        { service: 'order-service', method: 'PATCH', route: '/orders/{id}' },
      ],
    },
  ],
});

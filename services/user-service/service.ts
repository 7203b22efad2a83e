import { declareService } from '@berth/service-kit/declaration';

/** What others need to know about user-service. */
export const userService = declareService({
  name: 'user-service',
  port: 8000,
  description: 'Owns users. Talks to nobody and knows nothing of orders.',
  paths: ['/users'],
  configuration: {
    USER_DB_PATH: {
      kind: 'text',
      default: './data/user_service.db',
      description: 'SQLite file, used while DATABASE_URL is unset; made when it is not there',
    },
  },
  peers: [],
  store: { pathVariable: 'USER_DB_PATH', database: 'userdb', schema: 2, schemaMinimum: 2 },
  metrics: [],
  resources: { cpu: '150m', cpuLimit: '1000m', memory: '256Mi', disk: '64Mi' },
  scaling: { maximumReplicas: 10, targetCpuPercent: 70 },
  checks: [
    {
      name: 'a user is made, read and deleted',
      steps: [
        {
          service: 'user-service',
          method: 'POST',
          path: '/api/v1/users',
          body: { email: 'check-{unique}@berth.example', name: 'Check' },
          status: 201,
          keep: { user: 'id' },
        },
        { service: 'user-service', method: 'GET', path: '/api/v1/users/{user}', status: 200 },
        { service: 'user-service', method: 'DELETE', path: '/api/v1/users/{user}', status: 204, cleanUp: true },
      ],
    },
  ],
  flows: [],
});

import { declareService } from '@berth/service-kit/declaration';

/** What others need to know about user-service. */
export const userService = declareService({
  name: 'user-service',
  port: 8000,
  description: 'Owns users. Talks to nobody and knows nothing of orders.',
  configuration: {
    USER_DB_PATH: {
      kind: 'text',
      default: './data/user_service.db',
      description: 'SQLite file, used while DATABASE_URL is unset; made when it is not there',
    },
  },
  peers: [],
  store: { pathVariable: 'USER_DB_PATH', schema: 2, schemaMinimum: 2 },
  metrics: [],
});

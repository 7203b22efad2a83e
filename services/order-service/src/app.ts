import { createPeerClient, type ServiceDefinition } from '@berth/service-kit';
import { orderService } from '../service';
import { migrations } from './repository/migrations';
import { createOrdersRepository } from './repository/orders.repository';
import { createOrdersRoutes } from './routes/orders.routes';
import { createOrdersService } from './services/orders.service';
import { createUserDirectory } from './services/user-directory';

/** How order-service is put together: routes → services → repository → store, and user-service beside them. */
export const orderServiceDefinition: ServiceDefinition<typeof orderService.configuration> = {
  declaration: orderService,
  migrations,
  create: ({ config, store, logger, metrics }) => {
    const userService = createPeerClient({
      name: 'user-service',
      baseUrl: config.USER_SERVICE_URL,
      limits: {
        timeoutMs: config.USER_SERVICE_TIMEOUT_MS,
        deadlineMs: config.USER_SERVICE_DEADLINE_MS,
        maxTries: config.USER_SERVICE_MAX_TRIES,
      },
      logger,
      registry: metrics.registry,
      userAgent: `${orderService.name}/${config.BERTH_VERSION}`,
    });
    const orders = createOrdersService(createOrdersRepository(store), createUserDirectory(userService, logger));
    return { operations: createOrdersRoutes(orders), peers: [userService] };
  },
};

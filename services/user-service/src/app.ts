import type { ServiceDefinition } from '@berth/service-kit';
import { userService } from '../service';
import { migrations } from './repository/migrations';
import { createUsersRepository } from './repository/users.repository';
import { createUsersRoutes } from './routes/users.routes';
import { createUsersService } from './services/users.service';

/** How user-service is put together: routes → services → repository → store. */
export const userServiceDefinition: ServiceDefinition<typeof userService.configuration> = {
  declaration: userService,
  migrations,
  create: ({ store }) => ({ operations: createUsersRoutes(createUsersService(createUsersRepository(store))) }),
};

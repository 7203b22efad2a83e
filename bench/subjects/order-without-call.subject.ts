// order-service whose users are confirmed on the spot: what creating an order costs without the call to user-service.
import '@berth/service-kit/node-version';
import { main } from '@berth/service-kit';
import { orderServiceDefinition } from '../../services/order-service/src/app';
import { createOrdersRepository } from '../../services/order-service/src/repository/orders.repository';
import { createOrdersRoutes } from '../../services/order-service/src/routes/orders.routes';
import { createOrdersService } from '../../services/order-service/src/services/orders.service';

const everyUserExists = { exists: () => Promise.resolve(true) };
const withoutCall: typeof orderServiceDefinition = {
  ...orderServiceDefinition,
  create: ({ store }) => ({ operations: createOrdersRoutes(createOrdersService(createOrdersRepository(store), everyUserExists)) }),
};

void main(withoutCall, process);

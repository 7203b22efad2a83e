import type { HttpStub } from '../../service-kit/testing/http-stub';
import { describeIdempotency } from '../../service-kit/testing/idempotency-suite';
import { describeProtocol } from '../../service-kit/testing/protocol-suite';
import { storesUnderTest } from '../../service-kit/testing/stores';
import { useService } from '../../service-kit/testing/use-service';
import { describeChanges } from './api/changes.suite';
import { describeDeletion } from './api/deletion.suite';
import { describeForms } from './api/forms.suite';
import { describeLists } from './api/lists.suite';
import { describeOrderBounds } from './api/order-bounds.suite';
import { ordersAt, type OrderServiceAnswer, startUserServiceStub } from './api/orders-in-use';
import { describePlacing } from './api/placing.suite';
import { describePrices } from './api/prices.suite';
import { describeReading } from './api/reading.suite';
import { describeStatuses } from './api/statuses.suite';
import { describeStoredAnswers } from './api/stored-answers.suite';
import { describeUserCheck } from './api/user-check.suite';

describe.each(storesUnderTest())('order-service on %s', (store) => {
  let userService: HttpStub;
  const service = useService<OrderServiceAnswer>('order-service', store, async () => {
    userService = await startUserServiceStub();
    return { USER_SERVICE_URL: userService.url };
  });
  afterAll(() => userService.close());

  describe.each(['/api/v1', ''])('under "%s/orders"', (prefix) => {
    const orders = () => ordersAt(service.api, userService, prefix);
    describe('POST', () => describePlacing(orders));
    describe('the two forms of an order', () => describeForms(orders));
    describe('the bounds of an order', () => describeOrderBounds(orders));
    describe('prices and totals', () => describePrices(orders));
    describe('the check of the user', () => describeUserCheck(orders));
    describe('GET of one', () => describeReading(orders));
    describe('GET of many', () => describeLists(orders));
    describe.each(['PUT', 'PATCH'] as const)('%s', (method) => describeChanges(orders, method));
    describe('the status', () => describeStatuses(orders));
    describe('DELETE', () => describeDeletion(orders));
    describe('HTTP', () => describeProtocol(orders));
    describe('Idempotency-Key', () => {
      describeIdempotency(orders);
      describeStoredAnswers(orders);
    });
  });
});

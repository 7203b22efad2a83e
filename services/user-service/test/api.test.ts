import { describeIdempotency } from '../../service-kit/testing/idempotency-suite';
import { describeProtocol } from '../../service-kit/testing/protocol-suite';
import { storesUnderTest } from '../../service-kit/testing/stores';
import { useService } from '../../service-kit/testing/use-service';
import { describeChanges } from './api/changes.suite';
import { describeDeletion } from './api/deletion.suite';
import { describeLists } from './api/lists.suite';
import { describePreconditions } from './api/preconditions.suite';
import { describeReading } from './api/reading.suite';
import { describeSignUp } from './api/sign-up.suite';
import { describeSignUpBounds } from './api/sign-up-bounds.suite';
import { describeStoredConflicts } from './api/stored-conflicts.suite';
import { usersAt, type UserServiceAnswer } from './api/users-in-use';

describe.each(storesUnderTest())('user-service on %s', (store) => {
  const service = useService<UserServiceAnswer>('user-service', store);

  describe.each(['/api/v1', ''])('under "%s/users"', (prefix) => {
    const users = () => usersAt(service.api, prefix);
    describe('POST', () => describeSignUp(users));
    describe('the bounds of a sign-up', () => describeSignUpBounds(users));
    describe('GET of one', () => describeReading(users));
    describe('GET of many', () => describeLists(users));
    describe.each(['PUT', 'PATCH'] as const)('%s', (method) => describeChanges(users, method));
    describe('If-Match', () => describePreconditions(users));
    describe('DELETE', () => describeDeletion(users));
    describe('HTTP', () => describeProtocol(users));
    describe('Idempotency-Key', () => {
      describeIdempotency(users);
      describeStoredConflicts(users);
    });
  });
});

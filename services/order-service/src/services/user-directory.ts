import { apiPrefix, type CallContext, type PeerAnswer, type PeerClient, PeerInvalidAnswer, PeerUnavailable, Problem, type Reading } from '@berth/service-kit';
import * as z from 'zod';
import { userServiceInvalidResponse, userServiceUnavailable } from '../models/problems';

/** What order-service knows of users: whether they exist. */
export interface UserDirectory {
  /**
   * Asks user-service whether a user exists.
   *
   * @throws Problem 503 when it can't be asked now, 502 when its answer makes no sense
   */
  exists(userId: number, context: CallContext): Promise<boolean>;
}

/** The part of user-service's answers that order-service relies on; checked against user-service's OpenAPI by a test. */
export const expectedUser = z.object({ id: z.int().min(1) });

/** The part of user-service's 404 that makes it an answer of its own, and not of something else at a wrong address. */
export const expectedNotFound = z.object({ code: z.literal('user_not_found') });

/** Logs what an operator must mend. */
interface FaultLog {
  error(fields: object, message: string): void;
}

/** Users as user-service knows them. */
export function createUserDirectory(userService: PeerClient, log: FaultLog): UserDirectory {
  return {
    async exists(userId, context) {
      try {
        return await userService.get({
          path: `${apiPrefix}/users/${userId}`,
          route: `${apiPrefix}/users/{id}`,
          context,
          read: (answer) => readAnswer(answer, userId, userService.name),
        });
      } catch (error) {
        throw toProblem(error, context, log);
      }
    },
  };
}

function readAnswer({ status, body }: PeerAnswer, userId: number, peer: string): Reading<boolean> {
  if (status === 200) {
    if (expectedUser.safeParse(body).data?.id === userId) return { outcome: 'ok', value: true };
    throw new PeerInvalidAnswer(peer, 'the answer is not the user that was asked for');
  }
  if (status === 404 && expectedNotFound.safeParse(body).success) return { outcome: 'not_found', value: false };
  throw new PeerInvalidAnswer(peer, `unexpected status ${status}`);
}

function toProblem(error: unknown, { requestId }: CallContext, log: FaultLog): unknown {
  if (error instanceof PeerUnavailable) {
    return new Problem(userServiceUnavailable, 'User service unavailable', { cause: error });
  }
  if (error instanceof PeerInvalidAnswer) {
    log.error({ request_id: requestId, err: error }, 'configuration error: what answers at USER_SERVICE_URL does not behave like user-service');
    return new Problem(userServiceInvalidResponse, 'User service gave an invalid response', { cause: error });
  }
  return error;
}

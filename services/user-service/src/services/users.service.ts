import { type AlongsideWrite, createChangeRow, type Page, type Precondition, Problem, problems } from '@berth/service-kit';
import { emailTaken, userNotFound } from '../models/problems';
import type { NewUser, User, UserChanges } from '../models/user';
import type { UserColumns, UserQuery, UsersRepository } from '../repository/users.repository';

/** The rules of users. */
export interface UsersService {
  /** @throws Problem 409 `email_taken` */
  signUp(user: NewUser, alongside?: AlongsideWrite<User>): Promise<User>;
  /** @throws Problem 404 `user_not_found` */
  find(id: number): Promise<User>;
  list(query: UserQuery): Promise<Page<User>>;
  /** @throws Problem 404, 409 `email_taken`, 412 when the precondition fails */
  change(id: number, changes: UserChanges, ifMatch?: Precondition): Promise<User>;
  /** @throws Problem 404, 412 when the precondition fails */
  remove(id: number, ifMatch?: Precondition): Promise<void>;
}

/** Makes the rules over a repository. */
export function createUsersService(users: UsersRepository): UsersService {
  const changeRow = createChangeRow();

  async function find(id: number, deadlineMs?: number): Promise<User> {
    const user = await users.find(id, deadlineMs);
    if (user === undefined) throw new Problem(userNotFound, 'User not found');
    return user;
  }

  async function findMatching(id: number, ifMatch: Precondition | undefined, deadlineMs: number): Promise<User> {
    const user = await find(id, deadlineMs);
    if (ifMatch?.(user) === false) throw new Problem(problems.preconditionFailed, 'The user has changed since: read it again');
    return user;
  }

  return {
    find: (id) => find(id),
    list: (query) => users.list(query),
    async signUp(user, alongside) {
      const added = await users.insert(user, alongside);
      if (added === undefined) throw new Problem(emailTaken, 'Another user has this e-mail address');
      return added;
    },
    async change(id, changes, ifMatch) {
      const result = await changeRow(
        id,
        (deadlineMs) => findMatching(id, ifMatch, deadlineMs),
        (user, deadlineMs) => users.update(user, changed(user, changes), deadlineMs),
      );
      if (result === 'taken') throw new Problem(emailTaken, 'Another user has this e-mail address');
      return result;
    },
    async remove(id, ifMatch) {
      if (ifMatch === undefined) {
        if (!(await users.delete(id))) throw new Problem(userNotFound, 'User not found');
        return;
      }
      await changeRow(
        id,
        (deadlineMs) => findMatching(id, ifMatch, deadlineMs),
        async ({ version }, deadlineMs) => (await users.delete(id, version, deadlineMs)) || undefined,
      );
    },
  };
}

function changed(user: User, { email = user.email, name = user.name, age = user.age }: UserChanges): UserColumns {
  return { email, name, age };
}

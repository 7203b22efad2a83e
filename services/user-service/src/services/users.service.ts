import { type AlongsideWrite, changeRow, type Page, type Precondition, Problem, problems } from '@berth/service-kit';
import { emailTaken, userNotFound } from '../models/problems';
import type { NewUser, User, UserChanges } from '../models/user';
import type { UserQuery, UsersRepository } from '../repository/users.repository';

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
  async function find(id: number): Promise<User> {
    const user = await users.find(id);
    if (user === undefined) throw new Problem(userNotFound, 'User not found');
    return user;
  }

  async function findMatching(id: number, ifMatch: Precondition | undefined): Promise<User> {
    const user = await find(id);
    if (ifMatch?.(user) === false) throw new Problem(problems.preconditionFailed, 'The user has changed since: read it again');
    return user;
  }

  return {
    find,
    list: (query) => users.list(query),
    async signUp(user, alongside) {
      const added = await users.insert(user, alongside);
      if (added === undefined) throw new Problem(emailTaken, 'Another user has this e-mail address');
      return added;
    },
    async change(id, changes, ifMatch) {
      const changed = await changeRow(
        () => findMatching(id, ifMatch),
        ({ ...user }) =>
          users.update(user, { email: changes.email ?? user.email, name: changes.name ?? user.name, age: changes.age === undefined ? user.age : changes.age }),
      );
      if (changed === 'taken') throw new Problem(emailTaken, 'Another user has this e-mail address');
      return changed;
    },
    async remove(id, ifMatch) {
      await changeRow(
        () => findMatching(id, ifMatch),
        async (user) => (await users.delete(user)) || undefined,
      );
    },
  };
}

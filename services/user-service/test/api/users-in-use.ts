import type { ApiClient, Sending } from '../../../service-kit/testing/api-client';
import type { PageAnswer, ProblemAnswer } from '../../../service-kit/testing/api-expectations';
import type { Collection } from '../../../service-kit/testing/protocol-suite';

/** A user as the API shows it. */
export interface UserAnswer {
  readonly id: number;
  readonly email: string;
  readonly name: string;
  readonly age: number | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** What an answer of user-service may hold; which of it, its status tells. */
export type UserServiceAnswer = UserAnswer & PageAnswer<UserAnswer> & ProblemAnswer;

/** user-service's API under one prefix, with what its tests need again and again. */
export interface UsersInUse extends Collection {
  readonly api: ApiClient<UserServiceAnswer>;
  newBody(): { readonly email: string; readonly name: string };
  /** Signs a user up who must be accepted. */
  signUp(members?: Readonly<Record<string, unknown>>): Promise<UserAnswer>;
  /** Reads one user, who must exist. */
  read(id: number): Promise<UserAnswer>;
  /** Reads the whole list by cursors. */
  readAll(): Promise<readonly UserAnswer[]>;
  change(id: number, changes: unknown, headers?: Sending['headers']): ReturnType<ApiClient<UserServiceAnswer>['put']>;
}

let signedUp = 0;

/** An address that nobody has yet. */
export function newEmail(): string {
  return `user${++signedUp}@example.com`;
}

/** @param prefix - `/api/v1` or nothing */
export function usersAt(api: ApiClient<UserServiceAnswer>, prefix: string): UsersInUse {
  const path = `${prefix}/users`;
  const newBody = () => ({ email: newEmail(), name: 'Ada Lovelace' });
  return {
    api,
    path,
    newBody,
    async signUp(members = {}) {
      const reply = await api.post(path, { ...newBody(), ...members });
      expect({ status: reply.status, body: reply.body }).toMatchObject({ status: 201 });
      return reply.body;
    },
    async read(id) {
      const reply = await api.get(`${path}/${id}`);
      expect(reply.status).toBe(200);
      return reply.body;
    },
    async readAll() {
      const users: UserAnswer[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const { body }: { body: UserServiceAnswer } = await api.get(`${path}?limit=100${cursor && `&cursor=${cursor}`}`);
        users.push(...body.items);
        cursor = body.next_cursor;
      }
      return users;
    },
    change: (id, changes, headers = {}) => api.put(`${path}/${id}`, changes, headers),
  };
}

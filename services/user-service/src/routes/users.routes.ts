import { answerPage, apiPrefix, created, defineOperation, idParameter, listQuery, noContent, ok, type Operation } from '@berth/service-kit';
import * as z from 'zod';
import { emailTaken, userNotFound } from '../models/problems';
import { emailSchema, newUserSchema, type User, userBodySchema, userChangesSchema, userPageSchema } from '../models/user';
import type { UsersService } from '../services/users.service';

const tag = 'users';
const oneUser = z.object({ id: idParameter });
const location = `${apiPrefix}/users`;

/** HTTP to plain objects and back. */
export function createUsersRoutes(users: UsersService): readonly Operation[] {
  const change = (method: 'put' | 'patch', operationId: string) =>
    defineOperation({
      method,
      path: '/users/{id}',
      operationId,
      summary: 'Change a user: members not sent stay, null clears an optional one',
      tag,
      params: oneUser,
      body: userChangesSchema,
      conditional: 'write',
      answers: { 200: { description: 'The user as it is now', body: userBodySchema, headers: { ETag: 'Entity tag' } } },
      problems: [userNotFound, emailTaken],
      handle: async ({ params, body, ifMatch }) => {
        const user = await users.change(params.id, body, ifMatch);
        return ok(toBody(user), user);
      },
    });

  return [
    defineOperation({
      method: 'post',
      path: '/users',
      operationId: 'createUser',
      summary: 'Sign a user up',
      tag,
      body: newUserSchema,
      idempotent: true,
      answers: { 201: { description: 'The new user', body: userBodySchema, headers: { Location: 'Where the user is', ETag: 'Entity tag' } } },
      problems: [emailTaken],
      handle: async ({ body, storing }) => {
        const answer = (user: User) => created(`${location}/${user.id}`, toBody(user), user);
        return answer(await users.signUp(body, storing?.(answer)));
      },
    }),
    defineOperation({
      method: 'get',
      path: '/users',
      operationId: 'listUsers',
      summary: 'List users by id',
      tag,
      query: listQuery({ email: emailSchema.optional().meta({ description: 'Only the user with this address, in any case' }) }),
      answers: { 200: { description: 'One page', body: userPageSchema, headers: { Link: 'rel="next" while there are more' } } },
      problems: [],
      handle: async ({ query }) => {
        const { items, nextCursor } = await users.list(query);
        return answerPage(location, query, { items: items.map(toBody), nextCursor });
      },
    }),
    defineOperation({
      method: 'get',
      path: '/users/{id}',
      operationId: 'getUser',
      summary: 'Read a user',
      tag,
      params: oneUser,
      conditional: 'read',
      answers: { 200: { description: 'The user', body: userBodySchema, headers: { ETag: 'Entity tag' } } },
      problems: [userNotFound],
      handle: async ({ params }) => {
        const user = await users.find(params.id);
        return ok(toBody(user), user);
      },
    }),
    change('put', 'updateUser'),
    change('patch', 'patchUser'),
    defineOperation({
      method: 'delete',
      path: '/users/{id}',
      operationId: 'deleteUser',
      summary: 'Delete a user',
      tag,
      params: oneUser,
      conditional: 'write',
      answers: { 204: { description: 'Gone' } },
      problems: [userNotFound],
      handle: async ({ params, ifMatch }) => {
        await users.remove(params.id, ifMatch);
        return noContent;
      },
    }),
  ];
}

function toBody({ id, email, name, age, createdAt, updatedAt }: User): z.output<typeof userBodySchema> {
  return { id, email, name, age, created_at: createdAt, updated_at: updatedAt };
}

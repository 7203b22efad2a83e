import { answerPage, apiPrefix, created, defineOperation, idParameter, listQuery, noContent, ok, type Operation } from '@berth/service-kit';
import * as z from 'zod';
import { newOrderForms, newOrderSchema, type Order, orderChangesSchema } from '../models/order';
import { orderBodySchema, orderPageSchema, toBody } from '../models/order-body';
import { orderStatuses } from '../models/order-status';
import { illegalStatusTransition, orderNotEditable, orderNotFound, userNotFound, userServiceInvalidResponse, userServiceUnavailable } from '../models/problems';
import type { OrderQuery } from '../repository/orders.repository';
import type { OrdersService } from '../services/orders.service';

const tag = 'orders';
const oneOrder = z.object({ id: idParameter });
const oneUser = z.object({ user_id: idParameter });
const status = z.enum(orderStatuses).optional().meta({ description: 'Only orders in this status' });
const location = `${apiPrefix}/orders`;
const orderAnswer = { description: 'The order', body: orderBodySchema, headers: { ETag: 'Entity tag' } };
const pageAnswer = { description: 'One page', body: orderPageSchema, headers: { Link: 'rel="next" while there are more' } };

/** HTTP to plain objects and back. */
export function createOrdersRoutes(orders: OrdersService): readonly Operation[] {
  const answerList = async (path: string, query: Omit<OrderQuery, 'userId'> & { user_id?: number | undefined }, userId = query.user_id) => {
    const { items, nextCursor } = await orders.list({ ...query, userId });
    return answerPage(path, query, { items: items.map(toBody), nextCursor });
  };
  const change = (method: 'put' | 'patch', operationId: string) =>
    defineOperation({
      method,
      path: '/orders/{id}',
      operationId,
      summary: 'Change an order: its status, its address until it is shipped, its items while it is pending',
      tag,
      params: oneOrder,
      body: orderChangesSchema,
      conditional: 'write',
      answers: { 200: orderAnswer },
      problems: [orderNotFound, illegalStatusTransition, orderNotEditable],
      handle: async ({ params, body, ifMatch }) => {
        const order = await orders.change(params.id, body, ifMatch);
        return ok(toBody(order), order);
      },
    });

  return [
    defineOperation({
      method: 'post',
      path: '/orders',
      operationId: 'createOrder',
      summary: 'Place an order for a user that exists',
      tag,
      body: newOrderSchema,
      documentedBody: newOrderForms,
      idempotent: true,
      answers: { 201: { ...orderAnswer, description: 'The new order', headers: { Location: 'Where the order is', ETag: 'Entity tag' } } },
      problems: [userNotFound, userServiceUnavailable, userServiceInvalidResponse],
      handle: async ({ body, storing, context }) => {
        const answer = (order: Order) => created(`${location}/${order.id}`, toBody(order), order);
        return answer(await orders.place(body, context, storing?.(answer)));
      },
    }),
    defineOperation({
      method: 'get',
      path: '/orders',
      operationId: 'listOrders',
      summary: 'List orders by id',
      tag,
      query: listQuery({ user_id: idParameter.optional(), status }),
      answers: { 200: pageAnswer },
      problems: [],
      handle: ({ query }) => answerList(location, query),
    }),
    defineOperation({
      method: 'get',
      path: '/orders/user/{user_id}',
      operationId: 'listOrdersOfUser',
      summary: "List one user's orders; user-service is not asked",
      tag,
      params: oneUser,
      query: listQuery({ status }),
      answers: { 200: pageAnswer },
      problems: [],
      handle: ({ params, query }) => answerList(`${location}/user/${params.user_id}`, query, params.user_id),
    }),
    defineOperation({
      method: 'get',
      path: '/orders/{id}',
      operationId: 'getOrder',
      summary: 'Read an order',
      tag,
      params: oneOrder,
      conditional: 'read',
      answers: { 200: orderAnswer },
      problems: [orderNotFound],
      handle: async ({ params }) => {
        const order = await orders.find(params.id);
        return ok(toBody(order), order);
      },
    }),
    change('put', 'updateOrder'),
    change('patch', 'patchOrder'),
    defineOperation({
      method: 'delete',
      path: '/orders/{id}',
      operationId: 'deleteOrder',
      summary: 'Delete an order in any status',
      tag,
      params: oneOrder,
      conditional: 'write',
      answers: { 204: { description: 'Gone' } },
      problems: [orderNotFound],
      handle: async ({ params, ifMatch }) => {
        await orders.remove(params.id, ifMatch);
        return noContent;
      },
    }),
  ];
}

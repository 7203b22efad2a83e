import type { ApiClient, Sending } from '../../../service-kit/testing/api-client';
import type { PageAnswer, ProblemAnswer } from '../../../service-kit/testing/api-expectations';
import { type HttpStub, jsonAnswer, problemAnswer, type SeenRequest, startHttpStub, type StubAnswer } from '../../../service-kit/testing/http-stub';
import type { Collection } from '../../../service-kit/testing/protocol-suite';

/** An order as the API shows it. */
export interface OrderAnswer {
  readonly id: number;
  readonly user_id: number;
  readonly status: string;
  readonly items: readonly { readonly product_id: string; readonly product_name: string | null; readonly quantity: number; readonly price: number | null }[];
  readonly shipping_address: string | null;
  readonly total: number | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** What an answer of order-service may hold; which of it, its status tells. */
export type OrderServiceAnswer = OrderAnswer & PageAnswer<OrderAnswer> & ProblemAnswer;

/** order-service's API under one prefix, with what its tests need again and again. */
export interface OrdersInUse extends Collection {
  readonly api: ApiClient<OrderServiceAnswer>;
  /** What stands for user-service. */
  readonly userService: HttpStub;
  /** Places an order that must be accepted. */
  place(members?: Readonly<Record<string, unknown>>): Promise<OrderAnswer>;
  /** Reads one order, which must exist. */
  read(id: number): Promise<OrderAnswer>;
  /** Every item of a list, following its Links. */
  readList(path: string): Promise<readonly OrderAnswer[]>;
  change(id: number, changes: unknown, headers?: Sending['headers']): ReturnType<ApiClient<OrderServiceAnswer>['put']>;
  /** Takes a new order to this status. */
  placeIn(status: string): Promise<OrderAnswer>;
}

/** Users that the stand-in for user-service doesn't know. */
export const unknownUser = 404_404;

/** The stand-in's usual answer: every user exists but {@link unknownUser}. */
export function answerLikeUserService({ url }: SeenRequest): StubAnswer {
  const id = Number(/^\/api\/v1\/users\/(\d+)$/.exec(url)?.[1]);
  return id === unknownUser ? problemAnswer(404, 'user_not_found') : jsonAnswer(200, { id, email: `u${id}@example.com`, name: 'User', age: null });
}

/** Starts the stand-in for user-service. */
export function startUserServiceStub(): Promise<HttpStub> {
  return startHttpStub(answerLikeUserService);
}

let lastUser = 1_000_000;

/** A user who has no orders yet. */
export function newUserId(): number {
  return ++lastUser;
}

/** The statuses that an order goes through to reach each. */
const ways: Readonly<Record<string, readonly string[]>> = {
  pending: [],
  confirmed: ['confirmed'],
  shipped: ['confirmed', 'shipped'],
  delivered: ['confirmed', 'shipped', 'delivered'],
  cancelled: ['cancelled'],
};

/** @param prefix - `/api/v1` or nothing */
export function ordersAt(api: ApiClient<OrderServiceAnswer>, userService: HttpStub, prefix: string): OrdersInUse {
  const path = `${prefix}/orders`;
  let made = 0;
  const newBody = () => ({ user_id: newUserId(), items: [{ product_id: `sku-${++made}`, quantity: 2, price: 19.99 }] });
  const orders: OrdersInUse = {
    api,
    userService,
    path,
    newBody,
    async place(members = {}) {
      const reply = await api.post(path, { ...newBody(), ...members });
      expect({ status: reply.status, body: reply.body }).toMatchObject({ status: 201 });
      return reply.body;
    },
    async read(id) {
      const reply = await api.get(`${path}/${id}`);
      expect(reply.status).toBe(200);
      return reply.body;
    },
    async readList(first) {
      const items: OrderAnswer[] = [];
      for (let next: string | undefined = first; next !== undefined;) {
        const reply: Awaited<ReturnType<typeof api.get>> = await api.get(next);
        expect(reply.status).toBe(200);
        items.push(...reply.body.items);
        next = /^<([^>]+)>/.exec(String(reply.headers['link'] ?? ''))?.[1];
      }
      return items;
    },
    change: (id, changes, headers = {}) => api.put(`${path}/${id}`, changes, headers),
    async placeIn(status) {
      let order = await orders.place({ shipping_address: 'Quay 1' });
      for (const step of ways[status]!) order = (await orders.change(order.id, { status: step })).body;
      expect(order.status).toBe(status);
      return order;
    },
  };
  return orders;
}

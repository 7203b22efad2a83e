import { type Databases, openDatabases, type StoreKind } from './databases';
import { createLoadClient, type JsonBody, type LoadClient } from './load-client';
import { type ServiceProcess, startService } from './service-process';

/** Both services as real processes on one kind of store, the second calling the first. */
export interface Shop {
  readonly databases: Databases;
  readonly users: ServiceProcess;
  readonly orders: ServiceProcess;
  /** Environment that order-service runs with: start another one on the same database with it. */
  readonly ordersEnv: Readonly<Record<string, string>>;
  readonly usersEnv: Readonly<Record<string, string>>;
  readonly userClient: LoadClient;
  readonly orderClient: LoadClient;
  /** Signs a user up and gives the id. */
  signUp(): Promise<number>;
  /** Ends the processes and removes the databases. */
  close(): Promise<void>;
}

/** @param env Laid over both services' environment. @param sockets Connections of each client. */
export async function openShop(kind: StoreKind, env: Readonly<Record<string, string>> = {}, sockets = 50): Promise<Shop> {
  const databases = await openDatabases(kind);
  const usersEnv = { ...(await databases.fresh('user-service')), ...env };
  const users = await startService('user-service', usersEnv);
  const ordersEnv = { ...(await databases.fresh('order-service')), USER_SERVICE_URL: users.url, ...env };
  const orders = await startService('order-service', ordersEnv);
  const userClient = createLoadClient(users.url, sockets);
  const orderClient = createLoadClient(orders.url, sockets);
  let signedUp = 0;
  return {
    databases,
    users,
    orders,
    usersEnv,
    ordersEnv,
    userClient,
    orderClient,
    signUp: async () => {
      const reply = await userClient.call('POST', '/api/v1/users', { body: { email: `shop${++signedUp}@example.com`, name: 'Shopper' } });
      if (reply.status !== 201) throw new Error(`sign-up was answered ${reply.status}: ${JSON.stringify(reply.body)}`);
      return reply.body.id;
    },
    close: async () => {
      userClient.close();
      orderClient.close();
      await Promise.all([orders.kill(), users.kill()]);
      await databases.dispose();
    },
  };
}

/** Every item of a list, page by page. @param path Without `limit` and `cursor`. */
export async function readWholeList(client: LoadClient, path: string): Promise<JsonBody[]> {
  const items: JsonBody[] = [];
  let cursor: string | null = null;
  do {
    const query: string = `limit=100${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
    const reply = await client.call('GET', `${path}${path.includes('?') ? '&' : '?'}${query}`);
    if (reply.status !== 200) throw new Error(`GET ${path} was answered ${reply.status}: ${JSON.stringify(reply.body)}`);
    items.push(...reply.body.items);
    cursor = reply.body.next_cursor;
  } while (cursor !== null);
  return items;
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { docker } from './docker';
import { freePorts } from '../services/service-kit/testing/free-ports';

/** The compose stack under names of its own, so that a stack that somebody runs here is left alone. */
export interface ComposeStack {
  readonly users: string;
  readonly orders: string;
  /** Runs `docker compose` on it and gives its stdout. */
  compose(...args: string[]): Promise<string>;
  /** A service's container. */
  container(service: string): string;
  /** A service's image. */
  image(service: string): string;
  /** Removes containers, networks and data; the images stay for the next run. */
  dispose(): Promise<void>;
}

const services = ['user-service', 'order-service'];

/** @param files Compose files of the repository, in their order. */
export async function createStack(name: string, files: readonly string[]): Promise<ComposeStack> {
  const project = `berth-test-${name}-${process.pid}`;
  const folder = mkdtempSync(join(tmpdir(), `${project}-`));
  const renamed = join(folder, 'renamed.json');
  const container = (service: string) => `${project}-${service}`;
  const image = (service: string) => `berth-test/${service}`;
  const moved = services.map((service) => [service, { container_name: container(service), image: image(service) }] as const);
  writeFileSync(renamed, JSON.stringify({ services: Object.fromEntries(moved), networks: { 'microservices-network': { name: project } } }));
  const [userPort, orderPort] = await freePorts(2);
  const env = { USER_SERVICE_PORT: String(userPort), ORDER_SERVICE_PORT: String(orderPort) };
  const compose = (...args: string[]) => docker(['compose', '-p', project, ...[...files, renamed].flatMap((file) => ['-f', file]), ...args], env);
  return {
    users: `http://127.0.0.1:${userPort}`,
    orders: `http://127.0.0.1:${orderPort}`,
    compose,
    container,
    image,
    async dispose() {
      await compose('down', '--volumes', '--timeout', '5');
      rmSync(folder, { recursive: true });
    },
  };
}

/** A user or an order as the API gives it. */
export interface Created {
  readonly id: number;
  readonly [member: string]: unknown;
}

/** Signs a user up and orders something, as a client of the published ports. */
export async function orderEndToEnd(stack: ComposeStack, email: string): Promise<{ readonly user: Created; readonly order: Created }> {
  const user = await post(`${stack.users}/api/v1/users`, { email, name: 'Grace Hopper' });
  const order = await post(`${stack.orders}/api/v1/orders`, { user_id: user.id, items: [{ product_id: 'lamp', quantity: 2, price: 19.99 }] });
  return { user, order };
}

async function post(url: string, body: unknown): Promise<Created> {
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const text = await answer.text();
  if (answer.status !== 201) throw new Error(`POST ${url} was answered ${answer.status}: ${text}`);
  return JSON.parse(text) as Created;
}

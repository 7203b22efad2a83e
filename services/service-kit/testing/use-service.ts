import { createApiClient, type ApiClient } from './api-client';
import { type Databases, openDatabases, type ServiceName, type StoreKind } from './databases';
import { createOpenApiCheck, readOpenApi } from './openapi-check';
import { type ServiceProcess, startService } from './service-process';

/** A running service and a client that holds every answer against the service's own OpenAPI document. */
export interface ServiceInUse<Body> {
  readonly api: ApiClient<Body>;
  readonly process: ServiceProcess;
  readonly databases: Databases;
  /** The environment it runs with, its database in it. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Starts a service before the tests of the enclosing `describe` and ends it after them.
 *
 * @param more - further environment, made when the suite begins
 * @returns what is filled in once the tests run
 */
export function useService<Body>(
  name: ServiceName,
  kind: StoreKind,
  more: () => Promise<Record<string, string>> | Record<string, string> = () => ({}),
): ServiceInUse<Body> {
  const inUse = {} as { -readonly [Member in keyof ServiceInUse<Body>]: ServiceInUse<Body>[Member] };
  beforeAll(async () => {
    inUse.databases = await openDatabases(kind);
    inUse.env = { ...(await inUse.databases.fresh(name)), ...(await more()) };
    inUse.process = await startService(name, inUse.env);
    inUse.api = createApiClient(inUse.process.url, createOpenApiCheck(await readOpenApi(inUse.process.url)));
  }, 60_000);
  afterAll(async () => {
    inUse.api?.close();
    await inUse.process?.stop();
    await inUse.databases?.dispose();
  }, 30_000);
  return inUse;
}

import { groupOf, type KubernetesObject } from '../manifests/kubernetes-object';
import { ApiError } from './api-error';
import type { Connection } from './connection';
import type { Discovery, Resource } from './discovery';

/** The manager under which Berth's fields stand. https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers */
export const fieldManager = 'berth';

/** Where one object is. */
export interface Location {
  readonly resource: Resource;
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** How an object is applied. */
export interface ApplyOptions {
  /** The server answers what would be, and stores nothing. @default false */
  readonly dryRun?: boolean;
  /** Takes fields over from other managers. @default false */
  readonly force?: boolean;
  /** @default {@link fieldManager} */
  readonly manager?: string;
}

/** Who looks on. */
export interface Onlooker {
  /** Called before each write. @throws when nothing may be written any more */
  beforeWrite?(): void;
  /** Called with each Secret that the cluster answers, before anybody else sees it. */
  onSecret?(secret: KubernetesObject): void;
}

/** The objects of one cluster. */
export class Cluster {
  constructor(
    readonly connection: Connection,
    readonly discovery: Discovery,
    private readonly onlooker: Onlooker = {},
  ) {}

  /** The same cluster, with a condition before each write. */
  guardedBy(beforeWrite: () => void): Cluster {
    return new Cluster(this.connection, this.discovery, { ...this.onlooker, beforeWrite });
  }

  private seen<Found extends KubernetesObject | undefined>(object: Found): Found {
    if (object?.kind === 'Secret') this.onlooker.onSecret?.(object);
    return object;
  }

  /** An object; nothing when it isn't there. @param accept - to be answered less than all of it */
  async get(location: Location, accept?: string): Promise<KubernetesObject | undefined> {
    try {
      return this.seen((await this.connection.call<KubernetesObject>({ method: 'GET', path: pathOf(location), ...(accept && { accept }) })).body);
    } catch (error) {
      if (error instanceof ApiError && error.isNotFound) return undefined;
      throw error;
    }
  }

  /** The objects of a kind in a namespace, or in all. */
  async list(resource: Resource, namespace?: string, query: Readonly<Record<string, string>> = {}, accept?: string): Promise<readonly KubernetesObject[]> {
    const path = pathOf({ resource, namespace, name: '' }).replace(/\/$/, '');
    const { body } = await this.connection.call<{ readonly items: readonly KubernetesObject[] | null }>({
      method: 'GET',
      path,
      query,
      ...(accept && { accept }),
    });
    // an empty list of names alone is null; what is in a list does not say its kind
    const { apiVersion, kind } = resource;
    return (body.items ?? []).map((item) => ({ ...item, apiVersion: item.apiVersion ?? apiVersion, kind: item.kind ?? kind }));
  }

  /** Applies an object: the server merges it, and owns what is in it to the manager. @returns the object as it is then */
  async apply(location: Location, object: unknown, { dryRun = false, force = false, manager = fieldManager }: ApplyOptions = {}): Promise<KubernetesObject> {
    if (!dryRun) this.onlooker.beforeWrite?.();
    const { body } = await this.connection.call<KubernetesObject>({
      method: 'PATCH',
      path: pathOf(location),
      query: { fieldManager: manager, force: String(force), fieldValidation: 'Strict', ...(dryRun ? { dryRun: 'All' } : {}) },
      body: object,
      contentType: 'application/apply-patch+yaml',
      repeatable: true,
    });
    return this.seen(body);
  }

  /** Creates an object. @throws ApiError `AlreadyExists` */
  async create(location: Location, object: unknown): Promise<KubernetesObject> {
    this.onlooker.beforeWrite?.();
    const path = pathOf({ ...location, name: '' }).replace(/\/$/, '');
    const { body } = await this.connection.call<KubernetesObject>({ method: 'POST', path, query: { fieldManager }, body: object });
    return body;
  }

  /** Replaces an object. @throws ApiError `Conflict` when its resourceVersion is no longer the live one */
  async replace(location: Location, object: unknown): Promise<KubernetesObject> {
    this.onlooker.beforeWrite?.();
    const { body } = await this.connection.call<KubernetesObject>({ method: 'PUT', path: pathOf(location), query: { fieldManager }, body: object });
    return body;
  }

  /** Changes an object by a JSON patch. */
  async patch(location: Location, operations: readonly object[]): Promise<KubernetesObject> {
    this.onlooker.beforeWrite?.();
    const { body } = await this.connection.call<KubernetesObject>({
      method: 'PATCH',
      path: pathOf(location),
      query: { fieldManager },
      body: operations,
      contentType: 'application/json-patch+json',
    });
    return body;
  }

  /** Deletes the one object that has this uid; the pods of a workload go before it. Nothing happens when it is gone. */
  async delete(location: Location, uid: string): Promise<void> {
    this.onlooker.beforeWrite?.();
    const propagationPolicy = ['apps', 'batch'].includes(groupOf(location.resource.apiVersion)) ? 'Foreground' : 'Background';
    try {
      await this.connection.call({
        method: 'DELETE',
        path: pathOf(location),
        body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid }, propagationPolicy },
        repeatable: true,
      });
    } catch (error) {
      // another object of the name is none of ours
      if (error instanceof ApiError && (error.isNotFound || (error.code === 409 && /uid/i.test(error.message)))) return;
      throw error;
    }
  }
}

/** The path of an object; of the collection when the name is empty. */
function pathOf({ resource: { apiVersion, plural, namespaced }, namespace, name }: Location): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const parts = [...(namespaced && namespace !== undefined ? ['namespaces', namespace] : []), plural, name];
  return `${root}/${parts.map(encodeURIComponent).join('/')}`;
}

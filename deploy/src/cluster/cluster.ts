import { groupOf, type KubernetesObject, type ObjectReference } from '../manifests/kubernetes-object';
import { ApiError } from './api-error';
import type { Connection } from './connection';
import type { Discovery, Resource } from './discovery';

/** The manager under which Berth's fields stand. https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers */
export const fieldManager = 'berth';

/** To be answered an object's metadata alone: no value of a Secret is sent. https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches */
export const metadataOnly = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

/** The same of a list. */
export const metadataList = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

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
  /** Aborted when what waits for the cluster should end. */
  readonly stop?: AbortSignal;
  /** Called with each Secret that the cluster answers, before anybody else sees it. */
  onSecret?(secret: KubernetesObject): void;
  /** Called with each object that is known by its name alone. */
  onName?(reference: ObjectReference): void;
}

/** The objects of one cluster. */
export class Cluster {
  constructor(
    readonly connection: Connection,
    readonly discovery: Discovery,
    private readonly onlooker: Onlooker = {},
  ) {}

  /** The same cluster, with a condition before each write, and something that ends waits. */
  guardedBy(beforeWrite: () => void, stop?: AbortSignal): Cluster {
    return new Cluster(this.connection, this.discovery, { ...this.onlooker, beforeWrite, ...(stop && { stop }) });
  }

  /** Aborted when what waits for something of the cluster should end. */
  get stop(): AbortSignal | undefined {
    return this.onlooker.stop;
  }

  /** Call before what writes to the cluster in another way, such as a command in a container. @throws when nothing may be written any more */
  checkMayWrite(): void {
    this.onlooker.beforeWrite?.();
  }

  /** Call with what names objects, such as an inventory, before anybody else reads it. */
  tellNames(references: readonly ObjectReference[]): void {
    for (const reference of references) this.onlooker.onName?.(reference);
  }

  private seen<Found extends KubernetesObject | undefined>(object: Found): Found {
    if (object?.kind === 'Secret') this.onlooker.onSecret?.(object);
    return object;
  }

  /** An object; nothing when it isn't there. @param accept - to be answered less than all of it */
  get(location: Location, accept?: string): Promise<KubernetesObject | undefined> {
    return this.found(location, (error) => error.isNotFound, accept);
  }

  /** An object; nothing when the server says of it that it isn't there. A path that isn't served is a 404 too, and no word on the object. @throws ApiError */
  getServed(location: Location): Promise<KubernetesObject | undefined> {
    return this.found(location, (error) => error.isNotFound && error.reason === 'NotFound');
  }

  private async found(location: Location, isAbsent: (error: ApiError) => boolean, accept?: string): Promise<KubernetesObject | undefined> {
    try {
      return this.seen((await this.connection.call<KubernetesObject>({ method: 'GET', path: pathOf(location), ...(accept && { accept }) })).body);
    } catch (error) {
      if (error instanceof ApiError && isAbsent(error)) return undefined;
      throw error;
    }
  }

  /** Whether an object is there, by its metadata alone: no value of a Secret is sent. */
  async has(location: Location): Promise<boolean> {
    try {
      await this.connection.call({ method: 'GET', path: pathOf(location), accept: metadataOnly });
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.isNotFound) return false;
      throw error;
    }
  }

  /** Whether the account may read any object of a kind in a namespace. Asking is everybody's right, and no refusal in anybody's log. */
  async mayGet({ apiVersion, plural }: Resource, namespace: string): Promise<boolean> {
    const resourceAttributes = { verb: 'get', group: groupOf(apiVersion), resource: plural, namespace };
    const { body } = await this.connection.call<{ readonly status?: { readonly allowed?: boolean } }>({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes } },
      repeatable: true,
    });
    return body.status?.allowed === true;
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
  async apply(location: Location, object: unknown, options: ApplyOptions = {}): Promise<KubernetesObject> {
    return (await this.applied(location, object, options)).body;
  }

  /** Whether applying an object would create it, by a dry run. @throws ApiError where it would be refused */
  async wouldCreate(location: Location, object: unknown): Promise<boolean> {
    return (await this.applied(location, object, { dryRun: true })).status === 201;
  }

  private async applied(location: Location, object: unknown, { dryRun = false, force = false, manager = fieldManager }: ApplyOptions) {
    if (!dryRun) this.onlooker.beforeWrite?.();
    const answer = await this.connection.call<KubernetesObject>({
      method: 'PATCH',
      path: pathOf(location),
      query: { fieldManager: manager, force: String(force), fieldValidation: 'Strict', ...(dryRun ? { dryRun: 'All' } : {}) },
      body: object,
      contentType: 'application/apply-patch+yaml',
      repeatable: true,
    });
    this.seen(answer.body);
    return answer;
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

  /** Changes an object by a JSON patch. @returns the object as it is then, or would be */
  async patch(location: Location, operations: readonly object[], { dryRun = false }: Pick<ApplyOptions, 'dryRun'> = {}): Promise<KubernetesObject> {
    if (!dryRun) this.onlooker.beforeWrite?.();
    const { body } = await this.connection.call<KubernetesObject>({
      method: 'PATCH',
      path: pathOf(location),
      query: { fieldManager, ...(dryRun ? { dryRun: 'All' } : {}) },
      body: operations,
      contentType: 'application/json-patch+json',
      ...(dryRun && { repeatable: true }),
    });
    return this.seen(body);
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

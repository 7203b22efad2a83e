import { groupOf, type KubernetesObject } from '../manifests/kubernetes-object';
import { ApiError } from './api-error';
import { builtInResource } from './built-in-kinds';
import type { Connection } from './connection';

/** A kind as the API server serves it. */
export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Whether there is a list of them. @default false */
  readonly listable?: boolean;
}

interface ResourceList {
  readonly resources: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean; readonly verbs: readonly string[] }[];
}

interface GroupList {
  readonly groups: readonly Group[];
}

interface Group {
  readonly versions: readonly { readonly groupVersion: string }[];
  readonly preferredVersion: { readonly groupVersion: string };
}

/** The version that the cluster prefers, then the others. */
function versionsOf({ versions, preferredVersion }: Group): string[] {
  return [...new Set([preferredVersion, ...versions].map(({ groupVersion }) => groupVersion))];
}

/** The kinds of a cluster: those that every cluster has are known, the others asked for by group and version when one is needed, and kept. */
export class Discovery {
  private readonly lists = new Map<string, Promise<readonly Resource[]>>();

  constructor(private readonly connection: Connection) {}

  /** The kind's resource; nothing when the cluster doesn't serve it. */
  async resourceOf({ apiVersion, kind }: Pick<KubernetesObject, 'apiVersion' | 'kind'>): Promise<Resource | undefined> {
    const known = builtInResource(apiVersion, kind);
    if (known !== undefined) return known;
    const resources = await this.resourcesOf(apiVersion);
    return resources.find((resource) => resource.kind === kind);
  }

  /** The kind's resource in a version of its group that is served, the preferred one first; nothing when none is. Asks anew. */
  async servedAs(group: string, kind: string): Promise<Resource | undefined> {
    if (group === '') return undefined;
    try {
      const { body } = await this.connection.call<Group>({ method: 'GET', path: `/apis/${group}` });
      const versions = versionsOf(body);
      for (const version of versions) this.forget(version);
      return (await this.resourcesOfAll(versions)).find((resource) => resource.kind === kind);
    } catch (error) {
      if (error instanceof ApiError && error.isNotFound) return undefined;
      throw error;
    }
  }

  /** Every kind that lives in namespaces and can be listed, each once: where it is served in it, in the version that its group prefers. Asks anew. */
  async namespacedResources(): Promise<readonly Resource[]> {
    this.lists.clear();
    const { body } = await this.connection.call<GroupList>({ method: 'GET', path: '/apis' });
    const groups = await Promise.all([['v1'], ...body.groups.map(versionsOf)].map((versions) => this.resourcesOfAll(versions)));
    return groups.flat().filter(({ namespaced, listable }) => namespaced && listable);
  }

  /** The kinds of a group's versions; of one that is in several the first. */
  private async resourcesOfAll(versions: readonly string[]): Promise<readonly Resource[]> {
    const lists = await Promise.all(versions.map((version) => this.resourcesOf(version)));
    return [
      ...new Map(
        lists
          .flat()
          .toReversed()
          .map((resource) => [resource.plural, resource]),
      ).values(),
    ];
  }

  /** Asks anew for the kinds of a group's version: a CustomResourceDefinition may have brought some. */
  forget(apiVersion: string): void {
    this.lists.delete(apiVersion);
  }

  private resourcesOf(apiVersion: string): Promise<readonly Resource[]> {
    let list = this.lists.get(apiVersion);
    if (list === undefined) this.lists.set(apiVersion, (list = this.ask(apiVersion)));
    return list;
  }

  private async ask(apiVersion: string): Promise<readonly Resource[]> {
    const path = groupOf(apiVersion) === '' ? `/api/${apiVersion}` : `/apis/${apiVersion}`;
    try {
      const { body } = await this.connection.call<ResourceList>({ method: 'GET', path });
      // a slash is in the name of a subresource, such as deployments/scale
      return body.resources
        .filter(({ name }) => !name.includes('/'))
        .map(({ name, kind, namespaced, verbs }) => ({ apiVersion, kind, plural: name, namespaced, listable: verbs.includes('list') }));
    } catch (error) {
      if (error instanceof ApiError && error.isNotFound) return [];
      throw error;
    }
  }
}

import { ApiError } from '../cluster/api-error';
import { builtInResource } from '../cluster/built-in-kinds';
import type { Cluster } from '../cluster/cluster';
import { UsageError } from '../exit-codes';
import { type KubernetesObject, referenceOf } from '../manifests/kubernetes-object';
import { readInventory } from './inventory';

/** What says the namespace of a stack. */
export interface NamespaceQuestion {
  readonly objects: readonly KubernetesObject[];
  /** The stack's name. */
  readonly name: string;
  /** What `-n` says. */
  readonly flag: string | undefined;
  /** The context's namespace: that of objects that name none. */
  readonly here: string;
}

/**
 * The namespace of a set of manifests' stack: what `-n` says, else the only Namespace among them, else the only one that they name, else the context's.
 * Where they leave it open, because objects name several or some name one and others none, it is the one in which they were deployed before: an object
 * that is added in a second namespace leaves the stack where it is.
 *
 * @throws UsageError when objects name several and nothing decides
 */
export async function stackNamespace(cluster: Cluster, { objects, name, flag, here }: NamespaceQuestion): Promise<string> {
  if (flag !== undefined) return flag;
  const made = objects.filter(({ apiVersion, kind }) => apiVersion === 'v1' && kind === 'Namespace').map(({ metadata }) => metadata.name);
  if (made.length === 1) return made[0]!;
  const named = namespacesOf(objects);
  const isOpen = named.length > 1 || (named.length === 1 && objects.some(mayBeHere));
  if (!isOpen) return named[0] ?? here;
  const places = [...new Set([...named, here])];
  const isDeployed = await Promise.all(places.map((namespace) => hasSome(cluster, { name, namespace }, objects)));
  const deployed = places.filter((_, i) => isDeployed[i]);
  if (deployed.length === 1) return deployed[0]!;
  if (named.length === 1) return named[0]!;
  throw new UsageError(
    `objects of these manifests are in the namespaces ${named.join(', ')}: say which is the stack's, where its inventory and its history are, with -n, such as -n ${named[0]}`,
  );
}

/** What `-n` has to agree with: where objects name several namespaces it says the stack's and that of those that name none. */
export function strictNamespace(objects: readonly KubernetesObject[], flag: string | undefined): string | undefined {
  return namespacesOf(objects).length > 1 ? undefined : flag;
}

function namespacesOf(objects: readonly KubernetesObject[]): readonly string[] {
  return [...new Set(objects.flatMap(({ metadata: { namespace } }) => namespace ?? []))].sort();
}

function mayBeHere({ apiVersion, kind, metadata: { namespace } }: KubernetesObject): boolean {
  return namespace === undefined && builtInResource(apiVersion, kind)?.namespaced !== false;
}

/** Whether a stack of this name has any of these objects: another one may be called the same. */
async function hasSome(cluster: Cluster, stack: { readonly name: string; readonly namespace: string }, objects: readonly KubernetesObject[]): Promise<boolean> {
  try {
    const { entries = [] } = (await readInventory(cluster, stack)) ?? {};
    return objects
      .map(referenceOf)
      .some(({ group, kind, name, namespace = stack.namespace }) =>
        entries.some((entry) => entry.group === group && entry.kind === kind && entry.name === name && (entry.namespace ?? namespace) === namespace),
      );
  } catch (error) {
    if (error instanceof ApiError && error.code === 403) return false;
    throw error;
  }
}

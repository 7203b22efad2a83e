import type { Cluster } from '../cluster/cluster';
import { inParallel } from '../in-parallel';
import { isCustom, isNamespace, keyOf, type KubernetesObject, type ObjectReference } from '../manifests/kubernetes-object';
import { containersOf, podSpecOf, referencesOf } from '../manifests/pod-spec';
import type { Prepared } from '../manifests/prepare';

/** On a Namespace of the manifests: the command that makes the Secrets which its pods read. Then nothing on the cluster is thought to make one. */
export const makeSecretsMark = 'berth.dev/make-secrets';

/** On what makes pods: the Secrets that they read may come after it. */
export const awaitsSecretsMark = 'berth.dev/awaits-secrets';

const secrets = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true };
const namespaces = { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false };

/**
 * Secrets without which pods would not start: neither among the objects nor on the cluster, and nothing seems to make them. Looked for by their
 * metadata alone, and only where the account may look at Secrets: elsewhere the pods say it.
 *
 * @returns a sentence for each namespace
 */
export async function missingSecrets(cluster: Cluster, objects: readonly Prepared[]): Promise<string[]> {
  const expected = Map.groupBy(expectedSecrets(objects), ({ namespace }) => namespace!);
  const faults = await inParallel([...expected], async ([namespace, wanted]) => {
    if (!(await cluster.mayGet(secrets, namespace))) return [];
    const looked = await inParallel(wanted, async ({ name }) => ({ name, isThere: await cluster.has({ resource: secrets, namespace, name }) }));
    const missing = looked.filter(({ isThere }) => !isThere).map(({ name }) => name);
    if (missing.length === 0) return [];
    return [faultOf(missing.sort(), namespace, await cluster.has({ resource: namespaces, name: namespace }), commandFor(namespace, objects))];
  });
  return faults.flat();
}

function faultOf(names: readonly string[], namespace: string, hasNamespace: boolean, command: string | undefined): string {
  const [these, are, them, come] = names.length === 1 ? ['this Secret', 'is', 'it', 'it comes'] : ['these Secrets', 'are', 'them', 'they come'];
  const fault = `pods read ${these}, which ${are} neither among the manifests nor in the namespace ${namespace}`;
  const first = hasNamespace ? `make ${them}` : `make the namespace with kubectl create namespace ${namespace}, and ${them}`;
  const generic = `kubectl create secret generic NAME -n ${namespace}, or write the annotation ${awaitsSecretsMark}: "true" on what reads ${them} where ${come} later`;
  return `${names.join(', ')}: ${fault}: ${first} with ${command ?? generic}`;
}

function commandFor(namespace: string, objects: readonly Prepared[]): string | undefined {
  const made = objects.find(({ reference }) => isNamespace(reference, namespace));
  return made?.object.metadata.annotations?.[makeSecretsMark];
}

/** Those that have to be there before the pods: the set doesn't hold them, and nothing in it seems to make them. */
function expectedSecrets(objects: readonly Prepared[]): ObjectReference[] {
  const held = new Set(objects.map(({ reference }) => keyOf(reference)));
  const read = objects.flatMap(({ object, location: { namespace = '' } }) => {
    const references = object.metadata.annotations?.[awaitsSecretsMark] === 'true' ? [] : referencesOf(podSpecOf(object));
    return references.flatMap(({ kind, name }): ObjectReference[] => (kind === 'Secret' ? [{ group: '', kind, namespace, name }] : []));
  });
  const wanted = [...new Map(read.map((secret) => [keyOf(secret), secret])).values()];
  return wanted.filter(
    (secret) =>
      !held.has(keyOf(secret)) && (commandFor(secret.namespace!, objects) !== undefined || !objects.some(({ object }) => mayMake(object, secret.name))),
  );
}

/** Whether an object may make a Secret: an operator's that names it or by whose name it begins, or a program that is told its name. */
function mayMake(object: KubernetesObject, secret: string): boolean {
  const containers = containersOf(podSpecOf(object));
  if (containers.length > 0)
    return containers.some(({ command, args, env }) =>
      [...(command ?? []), ...(args ?? []), ...(env ?? []).map(({ value }) => value)].some((text) => isTold(text, secret)),
    );
  if (!isCustom(object.apiVersion)) return false;
  return secret.startsWith(`${object.metadata.name}-`) || textsIn(object).includes(secret);
}

/** `--secret-name=NAME` tells it too; a path on which it is mounted doesn't. */
function isTold(text: string | undefined, secret: string): boolean {
  return text?.split(/[^\w./-]+/).includes(secret) === true;
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

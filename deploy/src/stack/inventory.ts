import type { Cluster } from '../cluster/cluster';
import { Refused } from '../exit-codes';
import { canonical, isObject } from '../manifests/json';
import { keyOf, type KubernetesObject, type ObjectReference } from '../manifests/kubernetes-object';
import { accountName, inventoryLocation } from './account';
import type { Stack } from './stack';

/** An object that a stack has, or may have. */
export interface InventoryEntry extends ObjectReference {
  /** The version of the API in which it was applied last: by it the object is found. */
  readonly apiVersion: string;
  /** The cluster deletes it when it is done: a Job with `ttlSecondsAfterFinished`. @default false */
  readonly goesWhenDone?: boolean;
}

/**
 * What a stack has. Before anything is applied it is all that was and all that will be; after pruning, what is. So whoever stops in between leaves
 * nothing behind that the next one doesn't know.
 */
export interface Inventory {
  readonly entries: readonly InventoryEntry[];
}

/** Reads a stack's inventory; nothing when there is none. @throws Refused when somebody has broken it */
export async function readInventory(cluster: Cluster, stack: Stack): Promise<Inventory | undefined> {
  const object = (await cluster.get(inventoryLocation(stack))) as (KubernetesObject & { data?: Record<string, string> }) | undefined;
  if (object === undefined) return undefined;
  const entries = entriesOf(object.data?.['entries']);
  if (entries !== undefined) {
    cluster.tellNames(entries);
    return { entries };
  }
  const [{ namespace }, name] = [stack, accountName(stack)];
  throw new Refused(
    `ConfigMap/${namespace}/${name}, the inventory of the stack, can't be read, because somebody changed it, so nobody can tell what the stack has: write into it what it said, or delete it with kubectl delete configmap ${name} -n ${namespace} and apply the manifests: what the stack has besides is left alone then`,
  );
}

function entriesOf(text = ''): InventoryEntry[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every(isEntry) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isEntry(value: unknown): value is InventoryEntry {
  return isObject(value) && ['group', 'apiVersion', 'kind', 'name'].every((member) => typeof value[member] === 'string');
}

/** Writes it. What wrote it before is replaced. */
export async function writeInventory(cluster: Cluster, stack: Stack, entries: readonly InventoryEntry[]): Promise<void> {
  await cluster.apply(
    inventoryLocation(stack),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: accountName(stack), namespace: stack.namespace, labels: { 'app.kubernetes.io/managed-by': 'berth' } },
      data: { entries: textOf(entries) },
    },
    { force: true },
  );
}

function textOf(entries: readonly InventoryEntry[]): string {
  return JSON.stringify(sorted(entries), null, 1);
}

function sorted(entries: readonly InventoryEntry[]): InventoryEntry[] {
  return [...entries].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}

/** All entries of both; where an object is in both, the second says how it is found. */
export function joined(one: readonly InventoryEntry[], other: readonly InventoryEntry[]): InventoryEntry[] {
  return [...new Map([...one, ...other].map((entry) => [keyOf(entry), entry])).values()];
}

/** Whether two inventories say the same. */
export function sameEntries(one: readonly InventoryEntry[], other: readonly InventoryEntry[]): boolean {
  return canonical(sorted(one)) === canonical(sorted(other));
}

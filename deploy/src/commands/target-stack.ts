import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { readManifests } from '../manifests/read-manifests';
import { prepare } from '../manifests/prepare';
import { entryOf } from '../plan/make-plan';
import { type Session, type StackFlags, type World } from '../session';
import { type InventoryEntry, readInventory } from '../stack/inventory';
import { checkedStack, namespaceOf, type Stack, stackName } from '../stack/stack';
import { UsageError } from '../exit-codes';
import { folderOf } from './folder';

/** A stack, and its folder where it was named by one. */
export interface TargetStack {
  readonly stack: Stack;
  readonly folder?: string;
}

/**
 * The stack that a command means which needs no manifests: that of a folder, or by `--name` and `-n` alone one whose folder is elsewhere.
 *
 * @returns the folder too, where there is one
 */
export function targetStack(named: string | undefined, flags: StackFlags, { target }: Session, { output }: World): TargetStack {
  if (named === undefined && flags.env === undefined && flags.name !== undefined) {
    const namespace = flags.namespace ?? target.namespace;
    if (namespace === undefined) throw new UsageError(`say the namespace of the stack ${flags.name} with -n`);
    return { stack: checkedStack({ name: stackName(flags.name, flags.name), namespace }) };
  }
  const folder = folderOf(named, flags.env);
  const name = stackName(folder, flags.name);
  if (flags.namespace !== undefined) return { stack: checkedStack({ name, namespace: flags.namespace }), folder };
  if (!existsSync(folder)) throw new UsageError(`${basename(folder)} can't be read, so nobody knows the namespace of its stack: say it with -n`);
  const objects = readManifests(folder).map(({ object }) => object);
  for (const object of objects) output.hide(object);
  return { stack: checkedStack({ name, namespace: namespaceOf(objects) ?? target.namespace ?? 'default' }), folder };
}

/**
 * What a stack has: by its inventory, else, where something else than Berth deployed it, what its folder says.
 *
 * @throws UsageError when there is neither
 */
export async function stackEntries({ stack, folder }: TargetStack, { cluster }: Session, { namespace }: StackFlags): Promise<readonly InventoryEntry[]> {
  const inventory = await readInventory(cluster, stack);
  if (inventory !== undefined) return inventory.entries;
  if (folder === undefined || !existsSync(folder))
    throw new UsageError(`${stack.namespace}/${stack.name} is not deployed here: berth apply deploys it; what something else deployed is found by its folder`);
  return (await prepare(readManifests(folder), stack, cluster.discovery, namespace)).map(entryOf);
}

import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Cluster } from '../cluster/cluster';
import { builtInResource } from '../cluster/built-in-kinds';
import { inParallel } from '../in-parallel';
import { type Manifest, readManifests } from '../manifests/read-manifests';
import { entryOf } from '../plan/make-plan';
import { prepareStack, type Session, type StackFlags, stackOfObjects, type World } from '../session';
import { type InventoryEntry, readInventory } from '../stack/inventory';
import { checkedStack, type Stack, stackName } from '../stack/stack';
import { UsageError } from '../exit-codes';
import { folderOf } from './folder';

/** A stack, and its folder where it was named by one. */
export interface TargetStack {
  readonly stack: Stack;
  readonly folder?: string;
  /** What the folder holds; nothing where there is none, or it isn't here. */
  readonly manifests?: readonly Manifest[];
}

const secrets = builtInResource('v1', 'Secret')!;

/**
 * The stack that a command means which needs no manifests: that of a folder, or by `--name` and `-n` alone one whose folder is elsewhere. Values of the
 * folder's Secrets are hidden from here on, but for the stack's name.
 *
 * @throws UsageError when the folder's manifests can't be read, or it isn't there and nothing else says the namespace
 */
export async function targetStack(named: string | undefined, flags: StackFlags, session: Session, world: World): Promise<TargetStack> {
  const target = await foundStack(named, flags, session, world);
  world.output.showName(target.stack);
  return target;
}

async function foundStack(named: string | undefined, flags: StackFlags, session: Session, { output }: World): Promise<TargetStack> {
  if (named === undefined && flags.env === undefined && flags.name !== undefined) {
    const namespace = flags.namespace ?? session.target.namespace;
    if (namespace === undefined) throw new UsageError(`say the namespace of the stack ${flags.name} with -n`);
    return { stack: checkedStack({ name: stackName(flags.name, flags.name), namespace }) };
  }
  const folder = folderOf(named, flags.env);
  const name = stackName(folder, flags.name);
  if (!existsSync(folder)) {
    if (flags.namespace === undefined) throw new UsageError(`${basename(folder)} can't be read, so nobody knows the namespace of its stack: say it with -n`);
    return { stack: checkedStack({ name, namespace: flags.namespace }), folder };
  }
  const manifests = readManifests(folder);
  const objects = manifests.map(({ object }) => object);
  for (const object of objects) output.hide(object);
  return { stack: await stackOfObjects(objects, name, flags, session), folder, manifests };
}

/**
 * What a stack has: by its inventory, else, where something else than Berth deployed it, what its folder says.
 *
 * @throws UsageError when there is neither
 */
export async function stackEntries({ stack, manifests }: TargetStack, session: Session, flags: StackFlags): Promise<readonly InventoryEntry[]> {
  const inventory = await readInventory(session.cluster, stack);
  if (inventory !== undefined) {
    await hideSecrets(session.cluster, inventory.entries);
    return inventory.entries;
  }
  if (manifests === undefined)
    throw new UsageError(`${stack.namespace}/${stack.name} is not deployed here: berth apply deploys it; what something else deployed is found by its folder`);
  return (await prepareStack({ manifests, stack }, session, flags)).map(entryOf);
}

/**
 * Hides the values of a stack's own Secrets as the cluster has them, where the account may read them: the folder may be elsewhere, or hold newer ones
 * than a container was started with.
 */
export async function hideSecrets(cluster: Cluster, entries: readonly InventoryEntry[]): Promise<void> {
  const own = Map.groupBy(
    entries.filter(({ group, kind }) => group === '' && kind === 'Secret'),
    ({ namespace = '' }) => namespace,
  );
  await inParallel([...own], async ([namespace, found]) => {
    // reading one hides it: the session listens for them
    if (await cluster.mayGet(secrets, namespace)) await inParallel(found, ({ name }) => cluster.get({ resource: secrets, namespace, name }));
  });
}

import { ApiError } from '../cluster/api-error';
import { lockoutOf } from '../doctor/access';
import { diagnose } from '../doctor/diagnosis';
import { permitted } from '../doctor/permitted';
import { readScene, type Subject } from '../doctor/read-scene';
import { emptyScene, type Scene, type Unseen } from '../doctor/scene';
import { exitCodes, type ExitCode, faultList, UsageError } from '../exit-codes';
import { groupOf, nameOf, referenceOf } from '../manifests/kubernetes-object';
import { namespaceFault } from '../manifests/prepare';
import type { Manifest } from '../manifests/read-manifests';
import { diagnosisData, diagnosisText, unseenText } from '../output/diagnosis-text';
import type { Format } from '../output/format';
import { connect, type Session, type StackFlags, type World } from '../session';
import { type InventoryEntry, readInventory } from '../stack/inventory';
import type { Stack } from '../stack/stack';
import { strictNamespace } from '../stack/stack-namespace';
import { hideSecrets, targetStack } from './target-stack';
import { goesWhenDone } from '../readiness/gone-job';

/** Flags of `berth doctor`. */
export interface DoctorFlags extends StackFlags {
  readonly output: Format;
}

/** Milliseconds for one answer of the API server: a diagnosis that comes late helps nobody. */
const answerMs = 4_000;

/** `berth doctor`: why a stack, or all that is in a namespace, is not as it should be. Exit code 4 when something is wrong. */
export async function doctorCommand(named: string | undefined, flags: DoctorFlags, world: World): Promise<ExitCode> {
  const session = await connect(flags, world, answerMs);
  try {
    const { name, scene } = await look(named, flags, session, world);
    const diagnosis = diagnose(scene);
    if (flags.output === 'table') {
      world.output.data(diagnosisText(name, diagnosis, world.output));
      if (diagnosis.unseen.length > 0) world.output.talk(`not looked at, because you may not: ${diagnosis.unseen.map(unseenText).join(', ')}`);
    } else world.output.document(flags.output, { name, ...diagnosisData(diagnosis) });
    return diagnosis.state === 'broken' ? exitCodes.notHealthy : exitCodes.done;
  } finally {
    session.cluster.connection.close();
  }
}

interface Seen {
  readonly name: string;
  readonly scene: Scene;
}

async function look(named: string | undefined, flags: DoctorFlags, session: Session, world: World): Promise<Seen> {
  const unseen: Unseen[] = [];
  let name = named ?? flags.env ?? flags.name ?? flags.namespace ?? '';
  try {
    const { name: found, find } = await subjectOf(named, flags, session, world, unseen);
    name = found;
    const scene = await readScene(session.cluster, { ...(await find()), withRuns: true });
    return { name, scene: { ...scene, unseen: [...unseen, ...scene.unseen] } };
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 401) throw error;
    return { name, scene: { ...emptyScene, now: error.serverTime, lockout: lockoutOf(session.target, error) } };
  }
}

/** What is looked at: a namespace that alone is named, or a stack. */
async function subjectOf(
  named: string | undefined,
  flags: DoctorFlags,
  session: Session,
  world: World,
  unseen: Unseen[],
): Promise<{ readonly name: string; find(): Promise<Subject> }> {
  if (named === undefined && flags.env === undefined && flags.name === undefined && flags.namespace !== undefined) {
    const { namespace } = flags;
    world.output.showName(namespaceEntry(namespace));
    return { name: namespace, find: () => Promise.resolve({ entries: [namespaceEntry(namespace)], wholeNamespace: namespace }) };
  }
  const { stack, manifests = [] } = await targetStack(named, flags, session, world);
  const agreed = strictNamespace(
    manifests.map(({ object }) => object),
    flags.namespace,
  );
  return { name: `${stack.namespace}/${stack.name}`, find: () => ofStack(session, stack, manifests, agreed, unseen) };
}

function namespaceEntry(name: string): InventoryEntry {
  return { group: '', kind: 'Namespace', name, apiVersion: 'v1' };
}

/**
 * What the inventory names and what the folder has: kubectl deploys without an inventory.
 *
 * @throws UsageError when there is neither, and with every namespace of the folder that `-n` contradicts
 */
async function ofStack(
  { cluster }: Session,
  stack: Stack,
  manifests: readonly Manifest[],
  namespaceFlag: string | undefined,
  unseen: Unseen[],
): Promise<Subject> {
  const inventory = await permitted(unseen, { verb: 'get', resource: 'configmaps', namespace: stack.namespace }, () => readInventory(cluster, stack));
  if (inventory !== undefined) {
    await hideSecrets(cluster, inventory.entries);
    return { entries: inventory.entries };
  }
  if (manifests.length === 0)
    throw new UsageError(
      `${stack.namespace}/${stack.name} is not deployed here, and its folder can't be read: name a folder with manifests, or only a namespace with -n`,
    );
  const found = await Promise.all(
    manifests.map(async ({ object, place }): Promise<InventoryEntry | string> => {
      const resource = await cluster.discovery.resourceOf(object);
      const { namespace: _, ...reference } = referenceOf(object);
      const fault = resource && namespaceFault(object, resource, namespaceFlag);
      if (fault !== undefined) return `${place}: ${nameOf(referenceOf(object))} ${fault}`;
      const namespace = resource?.namespaced === false ? undefined : (object.metadata.namespace ?? stack.namespace);
      const named = { ...reference, ...(namespace === undefined ? {} : { namespace }) };
      return { ...named, group: groupOf(object.apiVersion), apiVersion: object.apiVersion, goesWhenDone: goesWhenDone(object) };
    }),
  );
  const faults = found.filter((each) => typeof each === 'string');
  if (faults.length > 0) throw new UsageError(faultList(`${faults.length} manifests can't be looked for`, faults));
  return { entries: found.filter((each) => typeof each !== 'string') };
}

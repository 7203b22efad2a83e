import { unreadyWords, Unready } from '../apply/apply';
import type { Cluster } from '../cluster/cluster';
import { faultList, NotHealthy, UsageError } from '../exit-codes';
import { inParallel } from '../in-parallel';
import type { KubernetesObject } from '../manifests/kubernetes-object';
import { deploymentTalk } from '../output/deployment-talk';
import type { Format } from '../output/format';
import { locate } from '../stack/find-entry';
import { waitUntilReady } from '../readiness/wait';
import { connect, type StackFlags, type World } from '../session';
import { type InventoryEntry } from '../stack/inventory';
import { type Proof, verify } from '../verify/verify';
import { failing } from './apply';
import { stackEntries, targetStack } from './target-stack';

/** Flags of `berth verify`. */
export interface VerifyFlags extends StackFlags {
  /** Milliseconds until all of it has to be ready. */
  readonly timeout: number;
  readonly output: Format;
}

/** `berth verify`: proves a deployed stack, when it is ready, by what its manifests say of it. Exit code 4 with what does not hold. */
export async function verifyCommand(named: string | undefined, flags: VerifyFlags, world: World): Promise<void> {
  const session = await connect(flags, world);
  const target = await targetStack(named, flags, session, world);
  const { cluster } = session;
  const { output, signal } = world;
  const name = `${target.stack.namespace}/${target.stack.name}`;
  await failing(world, cluster, async () => {
    const entries = await stackEntries(target, session, flags);
    const objects = await readyObjects(cluster, entries, flags.timeout, world);
    const tell = ({ workload, what, fault }: Proof) =>
      output.talk(`${fault === undefined ? output.styled('green', 'holds') : output.styled('red', 'fails')}  ${workload}: ${what}`);
    const proofs = await verify(cluster, objects, { signal, onProof: tell });
    if (flags.output !== 'table') output.document(flags.output, { stack: target.stack.name, namespace: target.stack.namespace, proofs });
    const faults = proofs.flatMap(({ workload, what, fault }) => (fault === undefined ? [] : [`${workload}: ${sentence(what, fault)}`]));
    if (faults.length > 0) throw new NotHealthy(faultList(`${name} is not as it should be`, faults));
    if (flags.output !== 'table') return;
    output.data(
      proofs.length === 0
        ? `${name} is ready; it declares nothing to prove it by`
        : `${name} is ready and proven: ${proofs.length === 1 ? '1 proof holds' : `${proofs.length} proofs hold`}`,
    );
  });
}

/** A check's fault names the check itself. */
function sentence(what: string, fault: string): string {
  return fault.startsWith(`${what}: `) ? fault : `${what} ${fault}`;
}

/** @throws Unready when something isn't ready in time */
async function readyObjects(cluster: Cluster, entries: readonly InventoryEntry[], timeoutMs: number, { output, signal }: World): Promise<KubernetesObject[]> {
  const awaited = await inParallel(entries, async (entry) => {
    const { apiVersion: _, goesWhenDone = false, ...reference } = entry;
    const location = await locate(cluster, entry);
    if (location === undefined) throw new UsageError(`the cluster serves no ${entry.kind} of ${entry.apiVersion} any more`);
    return { reference, location, goesWhenDone };
  });
  const progress = deploymentTalk(output);
  const { outcome, unready } = await waitUntilReady(cluster, awaited, { timeoutMs, signal, onChange: (standing) => progress.stands(standing) });
  progress.waited();
  if (outcome !== 'ready') throw new Unready(unreadyWords(unready), unready);
  const objects = await inParallel(awaited, ({ location }) => cluster.get(location));
  return objects.filter((object) => object !== undefined);
}

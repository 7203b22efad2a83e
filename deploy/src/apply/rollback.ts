import type { Cluster } from '../cluster/cluster';
import { faultList, Refused, UsageError } from '../exit-codes';
import { keyOf, type KubernetesObject, nameOf, referenceOf } from '../manifests/kubernetes-object';
import { prepare, type Prepared } from '../manifests/prepare';
import { readInventory } from '../stack/inventory';
import { objectsOf, readRevisions, type Revision } from '../stack/revisions';
import type { Stack } from '../stack/stack';

/** Where a rollback leads. */
export interface RollbackTarget {
  readonly revision: Revision;
  readonly objects: readonly Prepared[];
}

/**
 * The revision to go back to, as objects to apply: the given one, else the last healthy one before the one that is deployed; where the last healthy one
 * itself isn't there, because a later run was cut or the stack was destroyed, be it in part, that.
 *
 * @throws UsageError when there is no such revision
 * @throws Refused when its releases don't work on the schema that the deployed ones made
 */
export async function rollbackTarget(cluster: Cluster, stack: Stack, number: number | undefined): Promise<RollbackTarget> {
  const revisions = await readRevisions(cluster, stack);
  const revision = (number === undefined && (await lastIfRemoved(cluster, stack, revisions))) || chosen(revisions, number, stack);
  const manifests = (await objectsOf(cluster, stack, revision)).map((object) => ({ object, place: `revision ${revision.number}` }));
  refuseOldSchemas(revision, revisions);
  return { revision, objects: await prepare(manifests, stack, cluster.discovery, undefined) };
}

function chosen(revisions: readonly Revision[], number: number | undefined, { namespace, name }: Stack): Revision {
  const last = revisions.at(-1);
  if (last === undefined) throw new UsageError(`${namespace}/${name} was never deployed, so there is nothing to go back to`);
  const known = revisions.map((revision) => revision.number).join(', ');
  if (number !== undefined) {
    const found = revisions.find((revision) => revision.number === number);
    if (found === undefined) throw new UsageError(`${namespace}/${name} has no revision ${number}: there are ${known}`);
    return found;
  }
  const before = lastHealthyBefore(revisions, last);
  if (before === undefined) throw new UsageError(`${namespace}/${name} has no healthy revision before ${last.number}, so there is nothing to go back to`);
  return before;
}

/**
 * The last revision, where it is healthy and the inventory lacks some of it: somebody destroyed the stack, and its data stayed. A destroy that did not end
 * is itself the last revision, an unfinished one. Of one that can't be read nobody can tell: it is meant, and refused.
 */
async function lastIfRemoved(cluster: Cluster, stack: Stack, revisions: readonly Revision[]): Promise<Revision | undefined> {
  const last = revisions.at(-1);
  if (last?.outcome !== 'healthy') return undefined;
  const had = new Set((await readInventory(cluster, stack))?.entries.map(keyOf));
  return last.objects?.every((object) => had.has(keyOf(referenceOf(object)))) ? undefined : last;
}

/** The last healthy revision before one. */
function lastHealthyBefore(revisions: readonly Revision[], { number }: Pick<Revision, 'number'>): Revision | undefined {
  return revisions.findLast((revision) => revision.number < number && revision.outcome === 'healthy');
}

/** On a workload: the schema that its release leads to. */
const schemaAnnotation = 'berth.dev/schema';

/** On a workload: the oldest schema of whose releases one still works on what this one makes. */
const oldestAnnotation = 'berth.dev/schema-oldest';

/** A migration is not undone by a rollback. Releases add to a schema; one that takes something away says which older releases miss it. */
function refuseOldSchemas(target: Revision, revisions: readonly Revision[]): void {
  const later = revisions.filter(({ number }) => number > target.number);
  const since = later.flatMap(({ objects = [] }) => objects);
  const broken = later.find(({ objects }) => objects === undefined);
  const faults = (target.objects ?? []).flatMap((object) => {
    const schema = numberOf(object, schemaAnnotation);
    const [key, name] = [keyOf(referenceOf(object)), nameOf(referenceOf(object))];
    const needed = Math.max(0, ...since.filter((other) => keyOf(referenceOf(other)) === key).map((other) => numberOf(other, oldestAnnotation) ?? 0));
    if (schema === undefined) return [];
    const itself = `${name} of revision ${target.number} is of schema ${schema}`;
    if (schema < needed) return [`${itself}, and a later release made one on which only those from schema ${needed} on work`];
    return broken === undefined ? [] : [`${itself}, and revision ${broken.number} can't be read, which may need a later one`];
  });
  if (faults.length > 0)
    throw new Refused(`${faultList('a rollback would break the services', faults)}: go back less far, or restore a backup of that time first`);
}

function numberOf({ metadata: { annotations = {} } }: KubernetesObject, annotation: string): number | undefined {
  const text = annotations[annotation];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

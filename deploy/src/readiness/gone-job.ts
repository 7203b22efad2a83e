import { ApiError } from '../cluster/api-error';
import type { Cluster } from '../cluster/cluster';
import { groupOf, type KubernetesObject, type ObjectReference } from '../manifests/kubernetes-object';
import { readinessOf } from './readiness';
import { current, failed, type Readiness } from './state';

const events = { apiVersion: 'v1', kind: 'Event', plural: 'events', namespaced: true };

interface JobEvent extends KubernetesObject {
  readonly involvedObject: { readonly uid?: string };
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTimestamp?: string | null;
}

/** Why Jobs fail for good. https://kubernetes.io/docs/concepts/workloads/controllers/job/ */
const endings = new Set(['BackoffLimitExceeded', 'DeadlineExceeded', 'FailedIndexes', 'MaxFailedIndexesExceeded', 'PodFailurePolicy']);

/** Whether the cluster deletes it when it is done: a Job with `ttlSecondsAfterFinished`. */
export function goesWhenDone({ apiVersion, kind, spec }: KubernetesObject): boolean {
  return kind === 'Job' && groupOf(apiVersion) === 'batch' && (spec as { ttlSecondsAfterFinished?: number } | undefined)?.ttlSecondsAfterFinished !== undefined;
}

/** How an object stands that isn't there. @param goesWhenDone - whether it goes by itself when it is done */
export async function missing(cluster: Cluster, reference: ObjectReference, goesWhenDone = false): Promise<Readiness> {
  return goesWhenDone ? goneJob(cluster, reference) : readinessOf(undefined, { now: Date.now() });
}

/** How a Job ended that was deleted when it was done: well, unless the last of its name said otherwise. */
async function goneJob(cluster: Cluster, { namespace, name }: ObjectReference): Promise<Readiness> {
  const said = (await cluster.list(events, namespace, { fieldSelector: `involvedObject.kind=Job,involvedObject.name=${name}` }).catch(unseen)) as JobEvent[];
  const newest = [...said].sort((one, other) => timeOf(one) - timeOf(other)).at(-1);
  const end = said.find(
    ({ involvedObject, type, reason = '' }) => involvedObject.uid === newest?.involvedObject.uid && type === 'Warning' && endings.has(reason),
  );
  return end === undefined ? current : failed(`${end.reason}: ${end.message}: mend the cause and apply again, which makes it anew`);
}

/** Who may not look is told nothing. */
function unseen(error: unknown): [] {
  if (error instanceof ApiError && error.code === 403) return [];
  throw error;
}

function timeOf({ lastTimestamp, metadata }: JobEvent): number {
  return Date.parse(lastTimestamp ?? metadata.creationTimestamp ?? '') || 0;
}

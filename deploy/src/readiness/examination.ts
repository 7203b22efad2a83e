import type { Cluster } from '../cluster/cluster';
import { type Cause, diagnose } from '../doctor/diagnosis';
import { eventWords } from '../doctor/events';
import { lastWarning } from '../doctor/last-warning';
import { podsNowOf, workloadKinds } from '../doctor/pod-findings';
import { readScene } from '../doctor/read-scene';
import type { Scene } from '../doctor/scene';
import { keyOf, nameOf } from '../manifests/kubernetes-object';
import type { Awaited, Standing } from './wait';

/** What doctor says of objects that are waited for. */
export interface Examination {
  readonly scene: Scene;
  readonly causes: readonly Cause[];
}

/** Looks at all that doctor looks at; nothing when it can't, because a wait goes on without. @param isPatient - as of {@link diagnose} */
export async function examine(cluster: Cluster, awaited: readonly Awaited[], isPatient: boolean): Promise<Examination | undefined> {
  const entries = awaited.map(({ reference, location, goesWhenDone = false }) => ({ ...reference, apiVersion: location.resource.apiVersion, goesWhenDone }));
  try {
    const scene = await readScene(cluster, { entries });
    return { scene, causes: diagnose(scene, isPatient).causes };
  } catch {
    return undefined;
  }
}

/** Standings with doctor's words: the cause where it lies, and where something follows from one, from which. */
export function explained({ causes, scene }: Examination, standings: readonly Standing[]): readonly Standing[] {
  return standings.map((standing) => {
    const key = keyOf(standing.reference);
    const own = causes.find(({ subject }) => keyOf(subject) === key);
    if (own !== undefined) return { ...standing, pod: own.cause, ...(own.log && { podLog: own.log }) };
    const root = causes.find(({ followers }) => followers.some(({ object }) => keyOf(object) === key));
    if (root !== undefined) return { ...standing, pod: `waits for ${nameOf(root.subject)}: ${root.cause}` };
    const last = standing.pod === undefined ? warningOf(scene, key) : undefined;
    return last === undefined ? standing : { ...standing, pod: last };
  });
}

/** When time is up, what the cluster warned of may say why, where no rule does. */
function warningOf(scene: Scene, key: string): string | undefined {
  const object = scene.objects.find(({ reference }) => keyOf(reference) === key)?.object;
  if (object === undefined) return undefined;
  const makers = workloadKinds.has(object.kind) ? [...podsNowOf(object, scene), object] : [object];
  const last = lastWarning(scene, makers);
  return last && `${last.object.kind} ${last.object.metadata.name}: ${eventWords(last.event)}`;
}

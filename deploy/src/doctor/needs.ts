import { keyOf, type KubernetesObject, type ObjectReference, referenceOf } from '../manifests/kubernetes-object';
import { scaleTargetOf } from '../manifests/autoscalers';
import { cronJobOf } from '../readiness/cron-job-runs';
import { connectionsOf } from './connections';
import { workloadsOf } from './pod-findings';
import { podLabelsOf, podSpecOf, referencesOf } from '../manifests/pod-spec';
import { hasLabels } from '../manifests/selectors';
import { hasSelector, serviceSpecOf } from './services';
import type { Scene, SceneObject } from './scene';
import { madeClaims } from './volumes';

/** Who needs whom, by {@link keyOf}. */
export type Needs = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * What each object of the stack needs to work: an Ingress its Services, a Service its pods, an autoscaler its target, a workload its claims, its configuration, its migration, and
 * what the addresses in its configuration lead to.
 */
export function needsOf(scene: Scene): Needs {
  const needs = new Map<string, Set<string>>();
  const add = (from: ObjectReference, to: ObjectReference) => {
    const set = needs.get(keyOf(from)) ?? new Set();
    needs.set(keyOf(from), set.add(keyOf(to)));
  };
  for (const ingress of scene.ingresses) for (const name of backendsOf(ingress)) add(referenceOf(ingress), core('Service', ingress, name));
  for (const { object } of scene.objects) {
    const target = object && scaleTargetOf(object);
    if (target !== undefined) add(referenceOf(object!), target);
  }
  for (const service of scene.services)
    if (hasSelector(service))
      for (const workload of scene.workloads)
        if (isSameNamespace(service, workload) && hasLabels(podLabelsOf(workload), serviceSpecOf(service).selector ?? {}))
          add(referenceOf(service), referenceOf(workload));
  for (const workload of workloadsOf(scene)) for (const other of partsOf(workload, scene)) add(referenceOf(workload), other);
  for (const { workload, namespace, serviceName } of connectionsOf(scene))
    add(referenceOf(workload), { group: '', kind: 'Service', namespace, name: serviceName });
  return needs;
}

/** Whether one needs the other, at first or at last hand. */
export function reaches(needs: Needs, from: string, to: string): boolean {
  const seen = new Set([from]);
  const open = [from];
  for (let at = open.pop(); at !== undefined; at = open.pop())
    for (const next of needs.get(at) ?? []) {
      if (next === to) return true;
      if (!seen.has(next)) open.push(next);
      seen.add(next);
    }
  return false;
}

function partsOf(workload: KubernetesObject, scene: Scene): ObjectReference[] {
  return [
    ...referencesOf(podSpecOf(workload)).map(({ kind, name }) => core(kind, workload, name)),
    ...madeClaims(workload, scene).map(referenceOf),
    ...migrationsOf(workload, scene).map(referenceOf),
    ...missingPolicies(scene, workload.metadata.namespace).map(({ reference }) => reference),
  ];
}

/** Policies of the stack that are gone: nobody knows whom they let through, so whoever is cut off may miss them. */
export function missingPolicies({ objects }: Scene, namespace: string | undefined): readonly SceneObject[] {
  return objects.filter(
    ({ reference, readiness }) => readiness.state === 'NotFound' && reference.kind === 'NetworkPolicy' && reference.namespace === namespace,
  );
}

/** A Job of the same application, which makes the schema that its pods wait for; a CronJob's run makes none. */
function migrationsOf(workload: KubernetesObject, { workloads }: Scene): readonly KubernetesObject[] {
  const name = podLabelsOf(workload)['app.kubernetes.io/name'];
  if (workload.kind === 'Job' || name === undefined) return [];
  const jobs = workloads.filter((other) => other.kind === 'Job' && cronJobOf(other) === undefined);
  return jobs.filter((other) => isSameNamespace(other, workload) && podLabelsOf(other)['app.kubernetes.io/name'] === name);
}

function isSameNamespace(one: KubernetesObject, other: KubernetesObject): boolean {
  return one.metadata.namespace === other.metadata.namespace;
}

function core(kind: string, { metadata: { namespace } }: KubernetesObject, name: string): ObjectReference {
  return { group: '', kind, namespace: namespace!, name };
}

interface Backend {
  readonly service?: { readonly name: string; readonly port?: { readonly number?: number; readonly name?: string } };
}

/** The Services to which an Ingress leads. */
export function backendsOf(ingress: KubernetesObject): readonly string[] {
  return [...new Set(backendPortsOf(ingress).map(({ name }) => name))];
}

/** The same with their ports. */
export function backendPortsOf({ spec }: KubernetesObject): readonly { readonly name: string; readonly port?: string | number; readonly path: string }[] {
  const { defaultBackend, rules = [] } = (spec ?? {}) as {
    defaultBackend?: Backend;
    rules?: readonly { http?: { paths?: readonly { path?: string; backend: Backend }[] } }[];
  };
  const paths = rules.flatMap(({ http }) => http?.paths ?? []).map(({ path = '/', backend }) => ({ path, backend }));
  return [...paths, ...(defaultBackend === undefined ? [] : [{ path: 'everything else', backend: defaultBackend }])].flatMap(
    ({ path, backend: { service } }) => {
      const port = service?.port?.number ?? service?.port?.name;
      return service === undefined ? [] : [{ name: service.name, path, ...(port === undefined ? {} : { port }) }];
    },
  );
}

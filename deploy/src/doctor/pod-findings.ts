import { type KubernetesObject, referenceOf } from '../manifests/kubernetes-object';
import { conditionOf } from '../readiness/conditions';
import { newestPodsOf } from '../readiness/pods';
import { type ContainerStatus, statusesOf } from './container-status';
import { type Container, containersOf, podSpecOf } from '../manifests/pod-spec';
import type { Scene } from './scene';
import type { Finding } from './verdict';

/** Kinds that make pods, and pods themselves. */
export const workloadKinds: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'ReplicaSet', 'Pod']);

/** The stack's workloads that pods are wanted of: neither on their way out nor done. */
export function workloadsOf({ objects }: Scene): readonly KubernetesObject[] {
  return objects.flatMap(({ object }) => (object !== undefined && workloadKinds.has(object.kind) && isWanted(object) ? [object] : []));
}

function isWanted(object: KubernetesObject): boolean {
  const { generation = 0, deletionTimestamp } = object.metadata;
  const { observedGeneration = generation } = (object.status ?? {}) as { observedGeneration?: number };
  // until its controller has seen a change, its newest pods are those of the release before
  return deletionTimestamp === undefined && observedGeneration >= generation && !(object.kind === 'Job' && conditionOf(object, 'Complete', 'True'));
}

/** The pods of a workload's newest template that aren't on their way out. */
export function podsNowOf(workload: KubernetesObject, scene: Scene): readonly KubernetesObject[] {
  return newestPodsOf(workload, scene).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

/** A finding before it is said of whom. */
export type PodFinding = Omit<Finding, 'subject'>;

/** What is wrong with pods: the first of each workload that something is found of stands for all. */
export function perPod(scene: Scene, find: (pod: KubernetesObject, workload: KubernetesObject) => PodFinding | undefined): readonly Finding[] {
  return workloadsOf(scene).flatMap((workload) => {
    const found = podsNowOf(workload, scene).flatMap((pod) => {
      const finding = find(pod, workload);
      return finding === undefined ? [] : [{ finding, pod }];
    });
    const [first] = found;
    return first === undefined ? [] : [about(workload, first.pod, first.finding, found.length)];
  });
}

function about(workload: KubernetesObject, pod: KubernetesObject, finding: PodFinding, count: number): Finding {
  const cause = workload.kind === 'Pod' ? finding.cause : `pod ${pod.metadata.name}: ${finding.cause}`;
  const evidence = [...finding.evidence, ...(count > 1 ? [`${count} pods of ${workload.kind}/${workload.metadata.name} alike`] : [])];
  return { ...finding, subject: referenceOf(workload), cause, evidence };
}

/** One container of a pod. */
export interface ContainerView {
  readonly pod: KubernetesObject;
  readonly workload: KubernetesObject;
  readonly status: ContainerStatus;
  /** As the pod's spec has it. */
  readonly spec: Container;
}

/** What is wrong with containers: of each pod the first that something is found of. */
export function perContainer(scene: Scene, find: (view: ContainerView) => PodFinding | undefined): readonly Finding[] {
  return perPod(scene, (pod, workload) => {
    const specs = containersOf(podSpecOf(pod));
    for (const status of statusesOf(pod)) {
      const finding = find({ pod, workload, status, spec: specs.find(({ name }) => name === status.name) ?? { name: status.name } });
      if (finding !== undefined) return finding;
    }
    return undefined;
  });
}

/** What a container waits for, where it waits. */
export function waitingOf({ status }: ContainerView): { readonly reason: string; readonly message: string } {
  const { reason = '', message = '' } = status.state?.waiting ?? {};
  return { reason, message };
}

/** `kubectl describe` of an object. */
export function describeCommand({ kind, metadata: { namespace, name } }: KubernetesObject): string {
  return `kubectl describe ${kind.toLowerCase()} ${name}${namespace === undefined ? '' : ` -n ${namespace}`}`;
}

/** `kubectl logs` of a container. */
export function logsCommand({ metadata: { namespace, name } }: KubernetesObject, container: string, previous: boolean): string {
  return `kubectl logs ${name} -c ${container} -n ${namespace}${previous ? ' --previous' : ''}`;
}

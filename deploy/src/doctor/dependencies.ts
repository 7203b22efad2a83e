import type { KubernetesObject } from '../manifests/kubernetes-object';
import { referenceOf } from '../manifests/kubernetes-object';
import type { Connection } from './connections';
import type { Scene } from './scene';
import { hasSelector, podsBehind, podsSelected, readyAddresses, workloadsBehind } from './services';
import type { Finding } from './verdict';

/** A pod that was just made, or lost its container just now, is waited for. Milliseconds. */
const startMs = 20_000;

/** What a workload needs and nobody answers for: the Service's own trouble, of which its pods may tell the cause. */
export function downFinding(scene: Scene, { service, workload, variable, shown }: Connection): Finding | undefined {
  if (service === undefined || !hasSelector(service) || readyAddresses(service, scene) > 0) return undefined;
  const pods = podsBehind(service, scene);
  if (pods.some(({ metadata }) => scene.now - Date.parse(metadata.creationTimestamp ?? '') < startMs)) return undefined;
  const behind = workloadsBehind(service, scene);
  if (behind.length === 0 && podsSelected(service, scene).length === 0) return undefined;
  const { name, namespace } = service.metadata;
  return {
    subject: referenceOf(service),
    cause: `nobody answers at ${shown}, which ${workload.metadata.name} needs: ${why(behind, pods.length)}`,
    evidence: [`Service/${name} has no address that is ready`, `${variable} of ${workload.kind}/${workload.metadata.name} is ${shown}`],
    next: [
      ...behind.map(({ kind, metadata }) => `kubectl get ${kind.toLowerCase()} ${metadata.name} -n ${namespace}`),
      `kubectl get endpointslices -n ${namespace} -l kubernetes.io/service-name=${name}`,
    ],
    certainAfterMs: Infinity,
    // of nobody's making but who scaled it
    isSymptom: !isScaledAway(behind),
  };
}

/** Whether there is something, and no pod is wanted of it. */
export function isScaledAway(behind: readonly KubernetesObject[]): boolean {
  return behind.length > 0 && behind.every(({ spec }) => (spec as { replicas?: number }).replicas === 0);
}

function why(behind: readonly KubernetesObject[], pods: number): string {
  const [workload] = behind;
  if (workload !== undefined && isScaledAway(behind)) return `${workload.kind}/${workload.metadata.name} is scaled to 0`;
  if (pods > 0) return `none of its ${pods} pods is ready`;
  return workload === undefined ? 'its pods have ended' : `${behind.map(({ kind, metadata }) => `${kind}/${metadata.name}`).join(', ')} has no pods`;
}

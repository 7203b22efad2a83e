import { referenceOf } from '../../manifests/kubernetes-object';
import { workloadsOf } from '../pod-findings';
import type { Rule } from '../verdict';

/** A Deployment that somebody paused before its newest template had its pods. */
export const paused: Rule = {
  name: 'paused',
  look: (scene) =>
    workloadsOf(scene).flatMap((workload) => {
      const { paused: isPaused, replicas = 1 } = (workload.spec ?? {}) as { paused?: boolean; replicas?: number };
      const { updatedReplicas = 0 } = (workload.status ?? {}) as { updatedReplicas?: number };
      if (workload.kind !== 'Deployment' || isPaused !== true || updatedReplicas >= replicas) return [];
      const { name, namespace } = workload.metadata;
      return [
        {
          subject: referenceOf(workload),
          cause: `its rollout is paused: ${updatedReplicas} of ${replicas} pods are of its newest template, and no other is made until it is resumed`,
          evidence: ['spec.paused is true'],
          next: [`kubectl rollout resume deployment/${name} -n ${namespace}`, `kubectl rollout history deployment/${name} -n ${namespace}`],
          certainAfterMs: 60_000,
        },
      ];
    }),
};

import { referenceOf } from '../../manifests/kubernetes-object';
import { isScaledAway } from '../dependencies';
import { hasSelector, podsBehind, readyAddresses, workloadsBehind } from '../services';
import { isUnderWay } from '../under-way';
import type { Rule } from '../verdict';

/** A Service of which every workload is scaled to 0. */
export const scaledToZero: Rule = {
  name: 'scaled-to-zero',
  look: (scene) =>
    scene.objects.flatMap((found) => {
      const { object: service } = found;
      if (service?.kind !== 'Service' || !hasSelector(service) || readyAddresses(service, scene) > 0 || isUnderWay(found, scene)) return [];
      const behind = workloadsBehind(service, scene);
      if (podsBehind(service, scene).length > 0 || !isScaledAway(behind)) return [];
      const { namespace } = service.metadata;
      return [
        {
          subject: referenceOf(service),
          cause: `nobody answers for it: ${behind.map(({ kind, metadata }) => `${kind}/${metadata.name}`).join(', ')} is scaled to 0`,
          evidence: behind.map(({ kind, metadata }) => `spec.replicas of ${kind}/${metadata.name} is 0`),
          next: behind.map(({ kind, metadata }) => `kubectl scale ${kind.toLowerCase()} ${metadata.name} -n ${namespace} --replicas=1`),
          certainAfterMs: Infinity,
        },
      ];
    }),
};

import { referenceOf } from '../../manifests/kubernetes-object';
import { isSeen } from '../scene';
import { podLabelsOf } from '../../manifests/pod-spec';
import { labelsText } from '../../manifests/selectors';
import { hasSelector, podsSelected, readyAddresses, serviceSpecOf, workloadsBehind } from '../services';
import { similarTo } from '../similar';
import type { Rule } from '../verdict';

/** A Service whose labels no pod has, and that no workload would make one with. */
export const serviceSelector: Rule = {
  name: 'service-selector',
  look: (scene) =>
    scene.objects.flatMap(({ object: service }) => {
      if (service?.kind !== 'Service' || !hasSelector(service) || !isSeen(scene, 'deployments.apps')) return [];
      if (readyAddresses(service, scene) > 0 || podsSelected(service, scene).length > 0 || workloadsBehind(service, scene).length > 0) return [];
      const { name, namespace } = service.metadata;
      const selector = labelsText(serviceSpecOf(service).selector!);
      const others = scene.workloads.filter((workload) => workload.kind !== 'Job' && workload.metadata.namespace === namespace);
      const near = similarTo(
        name,
        others.map(({ metadata }) => metadata.name),
      );
      const shown = others.filter(({ metadata }) => near === undefined || metadata.name === near).slice(0, 3);
      return [
        {
          subject: referenceOf(service),
          cause: `no pod has the labels that it selects: ${selector}`,
          evidence: shown.map((workload) => `the pods of ${workload.kind}/${workload.metadata.name} have ${labelsText(podLabelsOf(workload))}`),
          next: [`kubectl get pods -n ${namespace} --show-labels`, `kubectl get pods -n ${namespace} -l ${selector}`],
          certainAfterMs: Infinity,
        },
      ];
    }),
};

import { referenceOf } from '../../manifests/kubernetes-object';
import { podLabelsOf } from '../../manifests/pod-spec';
import { labelsText } from '../../manifests/selectors';
import { missedBy, serviceSpecOf } from '../services';
import type { Rule } from '../verdict';

/** A Service that selects the pods of another application than the one that it is named after. */
export const serviceWrongPods: Rule = {
  name: 'service-wrong-pods',
  look: (scene) =>
    scene.objects.flatMap(({ object: service }) => {
      const missed = service?.kind === 'Service' ? missedBy(service, scene) : undefined;
      if (service === undefined || missed === undefined) return [];
      const { workload, instead } = missed;
      const { name, namespace } = service.metadata;
      const selector = labelsText(serviceSpecOf(service).selector!);
      const others = instead.map(({ kind, metadata }) => `${kind}/${metadata.name}`).join(', ');
      return [
        {
          subject: referenceOf(service),
          cause: `its selector ${selector} is that of the pods of ${others}: no Service leads to ${workload.kind}/${workload.metadata.name}`,
          evidence: [workload, ...instead].map((each) => `the pods of ${each.kind}/${each.metadata.name} have ${labelsText(podLabelsOf(each))}`),
          next: [`kubectl get service ${name} -n ${namespace} -o jsonpath='{.spec.selector}'`, `kubectl get pods -n ${namespace} -l ${selector}`],
          certainAfterMs: Infinity,
        },
      ];
    }),
};

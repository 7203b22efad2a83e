import { lacksAddress } from '../services';
import { describeCommand } from '../pod-findings';
import { isUnderWay } from '../under-way';
import type { Rule } from '../verdict';

/** A Service of type LoadBalancer for which nobody made a load balancer: whatever its pods do. */
export const loadBalancer: Rule = {
  name: 'load-balancer',
  look: (scene) =>
    scene.objects.flatMap((found) => {
      const { object: service, reference, readiness } = found;
      if (service === undefined || !lacksAddress(service) || readiness.state === 'Terminating' || isUnderWay(found, scene)) return [];
      return [
        {
          subject: reference,
          cause: 'it is of type LoadBalancer, and nobody has made its load balancer: it has no address',
          evidence: ['status.loadBalancer is empty'],
          next: [describeCommand(service), `kubectl get service ${reference.name} -n ${reference.namespace}`],
          certainAfterMs: Infinity,
        },
      ];
    }),
};

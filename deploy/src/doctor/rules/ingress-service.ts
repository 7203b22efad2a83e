import { isSeen } from '../scene';
import { backendPortsOf } from '../needs';
import { serviceSpecOf } from '../services';
import { similarTo } from '../similar';
import type { Rule } from '../verdict';

/** An Ingress to a Service, or to a port of one, that isn't there. */
export const ingressService: Rule = {
  name: 'ingress-service',
  look: (scene) =>
    scene.objects.flatMap(({ object: ingress, reference }) => {
      if (ingress?.kind !== 'Ingress' || !isSeen(scene, 'services')) return [];
      const { namespace } = ingress.metadata;
      const services = scene.services.filter(({ metadata }) => metadata.namespace === namespace);
      const names = services.map(({ metadata: { name } }) => name);
      for (const { name, port, path } of backendPortsOf(ingress)) {
        const service = services.find(({ metadata }) => metadata.name === name);
        const common = {
          subject: reference,
          next: [`kubectl get services -n ${namespace}`, `kubectl describe ingress ${ingress.metadata.name} -n ${namespace}`],
          certainAfterMs: Infinity,
        };
        if (service === undefined) {
          const near = similarTo(name, names);
          const meant = near === undefined ? '' : `: ${near} is`;
          return [
            {
              ...common,
              fault: `Service/${namespace}/${name}`,
              cause: `${path} leads to the Service ${name}, which isn't there${meant}`,
              evidence: [`Services of the namespace: ${names.join(', ') || 'none'}`],
            },
          ];
        }
        const ports = serviceSpecOf(service).ports ?? [];
        if (port !== undefined && !ports.some((each) => each.port === port || each.name === port)) {
          const has = ports.map((each) => `${each.name ?? ''} ${each.port}`.trim()).join(', ');
          return [
            {
              ...common,
              cause: `${path} leads to the port ${port} of the Service ${name}, which has only ${has}`,
              evidence: [`ports of Service/${name}: ${has}`],
            },
          ];
        }
      }
      return [];
    }),
};

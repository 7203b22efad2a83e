import { referenceOf } from '../../manifests/kubernetes-object';
import { type Connection, connectionsOf } from '../connections';
import { describeCommand } from '../pod-findings';
import { similarTo } from '../similar';
import type { Scene } from '../scene';
import type { Rule } from '../verdict';

/** An address in a configuration whose host is no Service. */
export const peerName: Rule = {
  name: 'peer-name',
  look: (scene) =>
    connectionsOf(scene)
      .filter(({ service, serviceName, namespace }) => service === undefined && !isOfStack(scene, namespace, serviceName))
      .map((connection) => {
        const { workload, variable, shown, source, host, namespace } = connection;
        const names = namesIn(scene, connection);
        const near = similarTo(connection.serviceName, names);
        return {
          subject: referenceOf(workload),
          cause: `${variable} is ${shown}, and there is no Service ${host}${near === undefined ? '' : `: is ${near} meant?`}`,
          evidence: [`${variable}=${shown}, in ${source}`, `Services of ${namespace}: ${names.join(', ') || 'none'}`],
          next: [`kubectl get services -n ${namespace}`, describeCommand(workload)],
          certainAfterMs: Infinity,
          fault: `${variable} ${shown}`,
        };
      }),
};

function namesIn({ services }: Scene, { namespace }: Connection): string[] {
  return services.filter(({ metadata }) => metadata.namespace === namespace).map(({ metadata: { name } }) => name);
}

/** One of the stack's own that is gone: that says another rule. */
function isOfStack({ objects }: Scene, namespace: string, name: string): boolean {
  return objects.some(({ reference }) => reference.kind === 'Service' && reference.namespace === namespace && reference.name === name);
}

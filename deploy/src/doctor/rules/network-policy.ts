import { referenceOf } from '../../manifests/kubernetes-object';
import { type Connection, connectionsOf } from '../connections';
import { blockedBetween } from '../network-policies';
import { missingPolicies } from '../needs';
import { podsNowOf } from '../pod-findings';
import type { Scene } from '../scene';
import { missedBy, podsBehind, targetPortOf } from '../services';
import type { Finding, Rule } from '../verdict';

/** Policies that keep a pod from what its configuration says it talks to: decided by the policies themselves, whether or not the network heeds them. */
export const networkPolicy: Rule = {
  name: 'network-policy',
  look: (scene) => connectionsOf(scene).flatMap((connection) => blocked(scene, connection) ?? []),
};

function blocked(scene: Scene, { workload, variable, shown, service, port }: Connection): Finding | undefined {
  const [from] = podsNowOf(workload, scene);
  const [to] = service === undefined ? [] : podsBehind(service, scene);
  const target = to && targetPortOf(service!, port, to);
  if (from === undefined || to === undefined || target === undefined) return undefined;
  const found = blockedBetween(scene.networkPolicies, from, to, target);
  if (found === undefined) return undefined;
  const { namespace } = (found.side === 'egress' ? from : to).metadata;
  const names = found.policies.map((name) => `NetworkPolicy/${name}`).join(', ');
  const how =
    found.side === 'egress' ? `none of the policies of its pods lets them out to` : `none of the policies of its pods lets ${workload.metadata.name} in at`;
  const feels = Object.values(scene.health.get(from.metadata.uid ?? '')?.checks ?? {}).some(({ status }) => status !== 'ok');
  return {
    subject: referenceOf(workload),
    cause: `it may not connect to ${service!.metadata.name}:${target} (${variable} is ${shown}): ${how} port ${target}: ${names}`,
    evidence: [
      `${found.side} of pod ${(found.side === 'egress' ? from : to).metadata.name}: ${names}`,
      feels ? 'its own readiness says that the peer does not answer' : 'by the policies: the peer may still be reached where the network does not enforce them',
    ],
    next: found.policies.slice(0, 2).map((name) => `kubectl describe networkpolicy ${name} -n ${namespace}`),
    certainAfterMs: Infinity,
    // the policies are about whom the Service should lead to
    isSymptom: missingPolicies(scene, namespace).length > 0 || missedBy(service!, scene) !== undefined,
  };
}

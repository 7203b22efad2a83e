import { type Construct, k8s } from '../kubernetes';
import { refuse } from '../refusal';
import { brokenRules, integer } from '../value-rules';
import { minimumReplicas, type ServiceSettings } from '../settings';
import { labelsOf, selectorOf } from './labels';

/** Keeps a node's drain from taking all replicas at once; a pod that is broken anyway never blocks one. */
export class DisruptionBudget extends k8s.KubePodDisruptionBudget {
  constructor(scope: Construct, settings: ServiceSettings) {
    const { declaration, disruption } = settings;
    const { maxUnavailable, minAvailable } = disruption;
    super(scope, 'disruption-budget', {
      metadata: { name: declaration.name, labels: labelsOf(declaration.name, 'server') },
      spec: {
        selector: { matchLabels: selectorOf(declaration.name, 'server') },
        ...(maxUnavailable !== undefined && { maxUnavailable: k8s.IntOrString.fromNumber(maxUnavailable) }),
        ...(minAvailable !== undefined && { minAvailable: k8s.IntOrString.fromNumber(minAvailable) }),
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
      },
    });
    refuse(this, () => drainFaults(settings));
  }
}

function drainFaults(settings: ServiceSettings): string[] {
  const { maxUnavailable, minAvailable } = settings.disruption;
  const least = minimumReplicas(settings);
  if ((maxUnavailable === undefined) === (minAvailable === undefined))
    return ['a disruption budget has either maxUnavailable or minAvailable: give one of them'];
  if (maxUnavailable === 0) return ['maxUnavailable 0 blocks every drain of a node: give at least 1'];
  const broken = brokenRules([
    ['maxUnavailable', maxUnavailable, integer(1)],
    ['minAvailable', minAvailable, integer(1)],
  ]);
  if (broken.length > 0) return broken;
  if (minAvailable !== undefined && minAvailable >= least)
    return [`minAvailable ${minAvailable} of ${least} replicas blocks every drain of a node: give maxUnavailable 1, or run more replicas`];
  if (maxUnavailable !== undefined && least > 1 && maxUnavailable >= least)
    return [`maxUnavailable ${maxUnavailable} of ${least} replicas lets a drain take all of them at once: give at most ${least - 1}`];
  return [];
}

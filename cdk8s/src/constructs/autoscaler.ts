import { type Construct, k8s } from '../kubernetes';
import { refuse } from '../refusal';
import { integer } from '../value-rules';
import { minimumReplicas, type ServiceSettings } from '../settings';
import { labelsOf } from './labels';

/** Seconds of low load before replicas are taken away: a lull is shorter. */
const calmSeconds = 300;

/** Replicas by CPU use. */
export class Autoscaler extends k8s.KubeHorizontalPodAutoscalerV2 {
  constructor(scope: Construct, settings: ServiceSettings) {
    const { declaration, maximumReplicas } = settings;
    super(scope, 'autoscaler', {
      metadata: { name: declaration.name, labels: labelsOf(declaration.name, 'server') },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: declaration.name },
        minReplicas: minimumReplicas(settings),
        maxReplicas: maximumReplicas,
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: declaration.scaling.targetCpuPercent } } }],
        behavior: { scaleDown: { stabilizationWindowSeconds: calmSeconds } },
      },
    });
    refuse(this, () => scalingFaults(settings));
  }
}

function scalingFaults(settings: ServiceSettings): string[] {
  const [minimum, maximum, percent] = [minimumReplicas(settings), settings.maximumReplicas, settings.declaration.scaling.targetCpuPercent];
  return [
    ...(integer(1).holds(minimum) ? [] : [`the minimum of ${minimum} replicas can't be kept: give a whole number of at least 1`]),
    ...(Number.isInteger(maximum) ? [] : [`the maximum of ${maximum} replicas can't be reached: give maximumReplicas a whole number`]),
    ...(maximum >= minimum ? [] : [`the maximum of ${maximum} replicas is below the minimum of ${minimum}: raise maximumReplicas or lower "minimum"`]),
    ...(integer(1, 100).holds(percent) ? [] : [`targetCpuPercent is ${percent}: it must be 1 to 100, a share of the CPU that is reserved, in whole percent`]),
  ];
}

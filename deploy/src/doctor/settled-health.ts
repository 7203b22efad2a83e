import type { KubernetesObject } from '../manifests/kubernetes-object';
import { anyConditionOf, conditionOf } from '../readiness/conditions';
import { readinessSpreadsMs } from '../readiness/readiness-spreads';
import type { Health, Scene } from './scene';
import { podsBehind } from './services';

/** What a pod says of itself, without what it says of peers that became ready a moment ago: it may not reach them yet, and that passes. */
export function settledHealth(health: Health, pod: KubernetesObject, scene: Scene): Health {
  const checks = Object.entries(health.checks).filter(([name, { status }]) => status === 'ok' || !isFreshPeer(name, pod, scene));
  if (checks.length === Object.keys(health.checks).length) return health;
  const isWell = checks.every(([, { status }]) => status === 'ok');
  return { status: isWell ? 'ok' : health.status, checks: Object.fromEntries(checks) };
}

function isFreshPeer(name: string, pod: KubernetesObject, scene: Scene): boolean {
  const { namespace } = pod.metadata;
  const service = scene.services.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
  const ready = service === undefined ? [] : podsBehind(service, scene).filter((peer) => conditionOf(peer, 'Ready', 'True'));
  const since = ready.map((peer) => Date.parse(anyConditionOf(peer, 'Ready')?.lastTransitionTime ?? ''));
  return since.length > 0 && since.every((at) => scene.now - at < readinessSpreadsMs);
}

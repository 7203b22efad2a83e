import type { KubernetesObject } from '../manifests/kubernetes-object';
import { podSpecOf } from '../manifests/pod-spec';
import type { Scene } from './scene';
import { hasLabels } from '../manifests/selectors';

/** https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}
interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

/** A taint, and the node that has it. */
export interface TaintInTheWay {
  readonly node: string;
  readonly taint: string;
}

/** Taints that keep a pod off nodes which have the labels that it asks for. That of control planes is on every such node, and tells nothing. */
export function taintsInTheWay({ nodes }: Scene, pod: KubernetesObject): readonly TaintInTheWay[] {
  const { nodeSelector = {} } = podSpecOf(pod);
  const { tolerations = [] } = (pod.spec ?? {}) as { tolerations?: readonly Toleration[] };
  return nodes
    .filter(({ metadata }) => hasLabels(metadata.labels ?? {}, nodeSelector))
    .flatMap(({ metadata: { name }, spec }) =>
      ((spec as { taints?: readonly Taint[] } | undefined)?.taints ?? [])
        .filter((taint) => taint.effect !== 'PreferNoSchedule' && !taint.key.startsWith('node-role.kubernetes.io/'))
        .filter((taint) => !tolerations.some((toleration) => tolerates(toleration, taint)))
        .map(({ key, value = '', effect }) => ({ node: name, taint: `${key}${value && `=${value}`}:${effect}` })),
    );
}

function tolerates({ key, operator = 'Equal', value = '', effect }: Toleration, taint: Taint): boolean {
  const keyFits = key === undefined ? operator === 'Exists' : key === taint.key && (operator === 'Exists' || value === (taint.value ?? ''));
  return keyFits && (effect === undefined || effect === taint.effect);
}

import { type KubernetesObject, referenceOf } from '../manifests/kubernetes-object';
import type { NamespaceView } from '../readiness/pods';
import { inProgress } from '../readiness/state';
import { quickRules, verdictsOf } from './rules';
import { emptyScene } from './scene';
import type { Verdict } from './verdict';

/** What the rules find of one workload by its pods alone, the cause first. Costs no request. */
export function quickLook(object: KubernetesObject, view: NamespaceView): readonly Verdict[] {
  const scene = { ...emptyScene, ...view, objects: [{ reference: referenceOf(object), object, readiness: inProgress('') }] };
  return verdictsOf(scene, quickRules);
}

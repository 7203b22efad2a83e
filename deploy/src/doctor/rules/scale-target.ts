import { nameOf, type ObjectReference } from '../../manifests/kubernetes-object';
import { conditionOf } from '../../readiness/conditions';
import { words } from '../../readiness/state';
import { scaleTargetOf } from '../../manifests/autoscalers';
import { describeCommand } from '../pod-findings';
import { isSeen, type Scene } from '../scene';
import { similarTo } from '../similar';
import type { Rule } from '../verdict';

/** A HorizontalPodAutoscaler whose target isn't there. */
export const scaleTarget: Rule = {
  name: 'scale-target',
  look: (scene) =>
    scene.objects.flatMap(({ object, reference }) => {
      const target = object && scaleTargetOf(object);
      const failed = object && conditionOf(object, 'AbleToScale', 'False');
      const isSaid = failed?.reason === 'FailedGetScale' && /not found/.test(failed.message ?? '');
      if (object === undefined || target === undefined || !(isMissing(scene, target) ?? isSaid)) return [];
      const names = namesIn(scene, target);
      const near = similarTo(target.name, names);
      return [
        {
          subject: reference,
          cause: `it scales ${target.kind}/${target.name}, which isn't there${near === undefined ? '' : `: is ${near} meant?`}`,
          evidence: isSaid ? [words(failed)] : [`spec.scaleTargetRef is ${target.kind}/${target.name}; there are: ${names.join(', ') || 'none'}`],
          next: [`kubectl get ${target.kind.toLowerCase()}s -n ${target.namespace}`, describeCommand(object)],
          // another deployment may make it
          certainAfterMs: 60_000,
          fault: nameOf(target),
        },
      ];
    }),
};

const plurals: Readonly<Record<string, string>> = { Deployment: 'deployments.apps', StatefulSet: 'statefulsets.apps' };

/** Nothing where all of its kind were not read: then only its controller knows. */
function isMissing(scene: Scene, target: ObjectReference): boolean | undefined {
  const plural = target.group === 'apps' ? plurals[target.kind] : undefined;
  return plural === undefined || !isSeen(scene, plural) ? undefined : !namesIn(scene, target).includes(target.name);
}

function namesIn({ workloads }: Scene, { kind, namespace }: ObjectReference): readonly string[] {
  return workloads.filter((each) => each.kind === kind && each.metadata.namespace === namespace).map(({ metadata: { name } }) => name);
}

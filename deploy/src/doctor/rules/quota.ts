import { perRefusal } from '../refusals';
import { otherObjectsMs } from '../references';
import type { Rule } from '../verdict';

/** Pods for which a namespace's quota has no room, or that don't say what the quota counts. */
export const quota: Rule = {
  name: 'quota',
  isQuick: true,
  look: (scene) =>
    perRefusal(scene, /(exceeded|failed) quota: ([^,:]+)[,:] (.*)$/s, ([, how, name, why], words, { metadata: { namespace } }) => ({
      cause: `its pods are refused: ${how === 'exceeded' ? `the quota ${name} of the namespace is used up` : `the quota ${name} counts what they don't say`}: ${why}`,
      evidence: [words, ...usage(scene.quotas.find(({ metadata }) => metadata.name === name))],
      next: [`kubectl describe quota ${name} -n ${namespace}`],
      certainAfterMs: otherObjectsMs,
      fault: `ResourceQuota/${namespace}/${name}`,
    })),
};

function usage(found: { readonly status?: unknown } | undefined): string[] {
  const { hard = {}, used = {} } = (found?.status ?? {}) as { hard?: Record<string, string>; used?: Record<string, string> };
  const amounts = Object.keys(hard).map((name) => `${name} ${used[name]} of ${hard[name]}`);
  return amounts.length === 0 ? [] : [`used: ${amounts.join(', ')}`];
}

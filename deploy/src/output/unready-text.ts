import { nameOf } from '../manifests/kubernetes-object';
import type { Standing } from '../readiness/wait';
import type { Output } from './output';

/** What keeps objects from being ready: each with its reason and, where a container tells more, the end of its log. */
export function unreadyText(unready: readonly Standing[], output: Output): string {
  return unready
    .filter(({ log }) => log !== undefined)
    .map(({ reference, log }) => `${output.styled('bold', `Last lines of ${nameOf(reference)}`)}\n${log!.replace(/^/gm, '  ')}\n`)
    .join('\n');
}

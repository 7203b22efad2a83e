import { nameOf } from '../manifests/kubernetes-object';
import type { Standing } from '../readiness/wait';
import type { Output } from './output';

/** Characters of a line that are shown. */
const longest = 500;

/** What keeps objects from being ready: each with its reason and, where a container tells more, the end of its log. */
export function unreadyText(unready: readonly Standing[], output: Output): string {
  return unready
    .filter(({ log }) => log !== undefined)
    .map(({ reference, log }) => `${output.styled('bold', `Last lines of ${nameOf(reference)}`)}\n${log!.split('\n').map(shown).join('\n')}\n`)
    .join('\n');
}

function shown(line: string): string {
  return line.length > longest ? `  ${line.slice(0, longest)}…` : `  ${line}`;
}

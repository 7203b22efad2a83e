import { type Cause, type Diagnosis, sentenceOf } from '../doctor/diagnosis';
import type { Unseen } from '../doctor/scene';
import { nameOf } from '../manifests/kubernetes-object';
import type { Output } from './output';

/** Where the rules are described. */
const page = 'docs/doctor.md';

/** A diagnosis for people: each cause with what was seen, what follows from it, and what to try. */
export function diagnosisText(name: string, { state, causes, underWay }: Diagnosis, output: Output): string {
  if (state === 'healthy') return `${name} is ${output.styled('green', 'healthy', 'data')}`;
  if (state === 'progressing') return [`${name} is not broken, and under way:`, ...underWay.map(({ object, why }) => `  ${nameOf(object)}: ${why}`)].join('\n');
  return causes.map((cause) => causeText(cause, output)).join('\n\n');
}

function causeText(cause: Cause, output: Output): string {
  const { rule, evidence, next, followers } = cause;
  return [
    output.styled(['bold', 'red'], sentenceOf(cause), 'data'),
    ...block('seen', evidence),
    ...block(
      'so',
      followers.map(({ object, why }) => `${nameOf(object)}: ${why}`),
    ),
    ...block('try', next),
    ...block('more', [`${page}#${rule}`]),
  ].join('\n');
}

function block(word: string, lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.split('\n')).map((line, i) => `  ${(i === 0 ? word : '').padEnd(6)}${line}`);
}

/** The same for machines. */
export function diagnosisData({ state, causes, underWay, unseen }: Diagnosis): object {
  return {
    state,
    healthy: state !== 'broken',
    causes: causes.map(({ rule, subject, cause, evidence, next, certainAfterMs, followers }) => ({
      rule,
      object: nameOf(subject),
      cause,
      evidence,
      next,
      certain: certainAfterMs !== Infinity,
      page: `${page}#${rule}`,
      followers: followers.map(({ object, why }) => ({ object: nameOf(object), why })),
    })),
    underWay: underWay.map(({ object, why }) => ({ object: nameOf(object), why })),
    notLookedAt: unseen.map(unseenText),
  };
}

/** A sentence's part: `list pods in shop`. */
export function unseenText({ verb, resource, namespace }: Unseen): string {
  return `${verb} ${resource}${namespace === undefined ? '' : ` in ${namespace}`}`;
}

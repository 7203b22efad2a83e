import type { CheckDeclaration, CheckStep, ServiceDeclaration } from '@berth/service-kit/declaration';
import { canDecode } from '@berth/service-kit/percent-encoding';
import { repeated } from '../repeated';
import { integer } from '../value-rules';

/** What can't work of the checks that a service declares. */
export function checkFaults({ name, checks }: ServiceDeclaration): string[] {
  const twice = repeated(checks.map((check) => check.name)).map(
    (check) => `${name} has two checks called "${check}": rename one in services/${name}/service.ts`,
  );
  return [
    ...twice,
    ...checks.flatMap((check) => faultsOf(check).map((fault) => `the check "${check.name}" of ${name} ${fault} in services/${name}/service.ts`)),
  ];
}

function faultsOf({ steps }: CheckDeclaration): string[] {
  if (steps.length === 0) return ['has no step, so it would prove nothing: give it steps, or leave it out'];
  return [
    ...steps.flatMap((step, index) => stepFaults(step, steps.slice(0, index))),
    ...leftBehind(steps).map(
      ({ method, path }) => `makes something by ${method} ${path} (201) and has no later step of its own that removes it: add one with "cleanUp": true`,
    ),
  ];
}

/** Steps that make something, less one for each clean-up after them: a step without the mark is not carried out once another has failed. */
function leftBehind(steps: readonly CheckStep[]): readonly CheckStep[] {
  let cleanUps = 0;
  return steps.toReversed().filter(({ status, cleanUp }) => {
    if (cleanUp) cleanUps++;
    if (cleanUp || status !== 201) return false;
    if (cleanUps === 0) return true;
    cleanUps--;
    return false;
  });
}

/** Statuses that end an exchange: https://www.rfc-editor.org/rfc/rfc9110#section-15 */
const finalStatuses = { least: 200, most: 599 };

/** Answers without content: https://www.rfc-editor.org/rfc/rfc9110#section-15.3.5 and the like. */
const emptyStatuses = [204, 205, 304];

/** What a URL has otherwise than it is written: a fragment is cut off, dots are walked, a backslash is a slash; and no route has two slashes in turn. */
const strayInPath = /^[^?]*(\/\/|\/\.{1,2}(?=[/?]|$)|\\)|[\s#]/;

function stepFaults(step: CheckStep, earlier: readonly CheckStep[]): string[] {
  const { method, path, body, status, keep = {} } = step;
  const known = ['unique', ...earlier.flatMap((each) => Object.keys(each.keep ?? {}))];
  return [
    ...(path.startsWith('/') ? [] : [`calls "${path}", which would be taken for a part of the host: begin the path with a slash`]),
    ...(strayInPath.test(path)
      ? [`calls "${path}", which no route is called: write the path without empty words, dots alone, backslashes, white space and "#"`]
      : []),
    ...(integer(finalStatuses.least, finalStatuses.most).holds(status)
      ? []
      : [`expects the status ${status} of ${method} ${path}, which no answer has: expect one from ${finalStatuses.least} to ${finalStatuses.most}`]),
    ...(Object.keys(keep).length > 0 && emptyStatuses.includes(status)
      ? [`keeps ${Object.keys(keep).join(', ')} of ${method} ${path}, whose answer ${status} has no content: leave "keep" out, or expect another status`]
      : []),
    ...(canDecode(path) ? [] : [`calls "${path}", in which a percent sign begins no character: write the sign itself as "%25"`]),
    ...(method === 'GET' && step.cleanUp ? [`cleans up by GET ${path}, which removes nothing: leave "cleanUp" out, or call what removes it`] : []),
    ...(method === 'GET' && body !== undefined ? [`sends a body with GET ${path}, which no client does: leave "body" out`] : []),
    ...strayBracesIn(step).map(
      (found) => `has "${found}" in ${method} ${path}, which is no placeholder: write letters, digits and underscores between braces, or no brace`,
    ),
    ...placeholdersOf(step)
      .filter((word) => !known.includes(word))
      .map(
        (word) =>
          `uses {${word}} in ${method} ${path}, which no earlier step keeps: there are ${known.map((each) => `{${each}}`).join(', ')}; correct the word`,
      ),
    ...Object.keys(keep)
      .filter((word) => !/^\w+$/.test(word))
      .map((word) => `keeps "${word}" of ${method} ${path}, which no placeholder can name: use letters, digits and underscores`),
    ...(Object.hasOwn(keep, 'unique') ? [`keeps "unique" of ${method} ${path}, which is the name of a fresh word in every check: choose another`] : []),
  ];
}

const placeholder = /\{(\w+)\}/g;

/** What a step has filled in, as `deploy/checks/run-check.ts` does it: in the path, and in the body's texts however deep. */
function placeholdersOf(step: CheckStep): string[] {
  return [...new Set(filledTexts(step).flatMap((text) => [...text.matchAll(placeholder)].map(([, word]) => word!)))];
}

/** The first thing in each text that looks like a placeholder, and would be sent as it is. */
function strayBracesIn(step: CheckStep): string[] {
  return filledTexts(step).flatMap((text) => /\{[^{}]*\}?|\}/.exec(text.replace(placeholder, '')) ?? []);
}

function filledTexts({ path, body }: CheckStep): string[] {
  return [path, ...textsIn(body)];
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

import type { CheckDeclaration, CheckStep, ServiceDeclaration } from '@berth/service-kit/declaration';
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
  const removes = steps.some(({ cleanUp }) => cleanUp);
  return [
    ...steps.flatMap((step, index) => stepFaults(step, steps.slice(0, index))),
    // a step without the mark is not carried out once another has failed
    ...(steps.some(({ status }) => status === 201) && !removes ? ['makes something (201) and has no step that removes it: add one with "cleanUp": true'] : []),
  ];
}

/** Statuses that end an exchange: https://www.rfc-editor.org/rfc/rfc9110#section-15 */
const finalStatuses = { least: 200, most: 599 };

function stepFaults(step: CheckStep, earlier: readonly CheckStep[]): string[] {
  const { method, path, body, status, keep = {} } = step;
  const known = ['unique', ...earlier.flatMap((each) => Object.keys(each.keep ?? {}))];
  return [
    ...(path.startsWith('/') ? [] : [`calls "${path}", which would be taken for a part of the host: begin the path with a slash`]),
    ...(integer(finalStatuses.least, finalStatuses.most).holds(status)
      ? []
      : [`expects the status ${status} of ${method} ${path}, which no answer has: expect one from ${finalStatuses.least} to ${finalStatuses.most}`]),
    ...(method === 'GET' && body !== undefined ? [`sends a body with GET ${path}, which no client does: leave "body" out`] : []),
    ...placeholdersOf(step)
      .filter((word) => !known.includes(word))
      .map(
        (word) =>
          `uses {${word}} in ${method} ${path}, which no earlier step keeps: there are ${known.map((each) => `{${each}}`).join(', ')}; correct the word`,
      ),
    ...Object.keys(keep)
      .filter((word) => !/^\w+$/.test(word))
      .map((word) => `keeps "${word}" of ${method} ${path}, which no placeholder can name: use letters, digits and underscores`),
  ];
}

/** What a step has filled in, as `scripts/cluster/checks/run-checks.mjs` does it: in the path, and in the body's texts. */
function placeholdersOf({ path, body = {} }: CheckStep): string[] {
  const texts = [path, ...Object.values(body).filter((value) => typeof value === 'string')];
  return [...new Set(texts.flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, word]) => word!)))];
}

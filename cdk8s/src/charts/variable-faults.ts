import { commonVariables } from '@berth/service-kit/common-variables';
import { variablesOf } from '@berth/service-kit/configuration';
import type { ServiceDeclaration, Variable } from '@berth/service-kit/declaration';

/** What can't work of the variables that a service declares. */
export function variableFaults(declaration: ServiceDeclaration): string[] {
  const { name, configuration, peers, store } = declaration;
  const file = `services/${name}/service.ts`;
  const secretFiles = Object.entries(variablesOf(declaration)).flatMap(([variable, { secret }]) => (secret ? [`${variable}_FILE`] : []));
  return [
    ...Object.keys(configuration).flatMap((variable) => {
      if (!/^[A-Z][A-Z0-9_]*$/.test(variable))
        return [
          `the variable "${variable}" of ${name} can't be set everywhere: use upper-case letters, digits and underscores, beginning with a letter, in ${file}`,
        ];
      if (Object.hasOwn(commonVariables, variable))
        return [`${name} declares ${variable}, which every service has already: leave it out of "configuration" in ${file}, or choose another name`];
      if (secretFiles.includes(variable))
        return [`${name} declares ${variable}, which names the file of the secret ${variable.replace(/_FILE$/, '')}: choose another name in ${file}`];
      return [];
    }),
    ...peers.flatMap((peer) => toldFaults(declaration, `the address of ${peer.name}`, peer.urlVariable, 'url')),
    ...toldFaults(declaration, 'its SQLite file', store.pathVariable, 'text'),
  ];
}

/** What is wrong with a variable that tells a service something which synth knows. */
function toldFaults({ name, configuration }: ServiceDeclaration, what: string, variable: string, kind: Variable['kind']): string[] {
  const found = configuration[variable];
  const told = `${name} is told ${what} by ${variable}, which`;
  const file = `services/${name}/service.ts`;
  if (found === undefined) return [`${told} it doesn't declare: add the variable to "configuration" in ${file}`];
  if (found.kind !== kind) return [`${told} is of kind "${found.kind}": declare it as "${kind}" in ${file}`];
  return found.secret ? [`${told} is a secret, so it would come by a file instead: leave "secret" out in ${file}`] : [];
}

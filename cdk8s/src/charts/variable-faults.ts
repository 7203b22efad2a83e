import { commonVariables } from '@berth/service-kit/common-variables';
import { variablesOf } from '@berth/service-kit/configuration';
import type { ServiceDeclaration, Variable } from '@berth/service-kit/declaration';

/**
 * What the programs go by before a service reads anything: set by the image, or read by glibc, Node.js (https://nodejs.org/api/cli.html#environment-variables)
 * and the PostgreSQL driver (https://node-postgres.com/features/connecting#environment-variables).
 */
const programVariables = [
  ...['PATH', 'HOME', 'NODE_ENV', 'NODE_OPTIONS', 'NODE_COMPILE_CACHE', 'MALLOC_ARENA_MAX'],
  ...['LD_PRELOAD', 'NODE_EXTRA_CA_CERTS', 'NODE_TLS_REJECT_UNAUTHORIZED', 'UV_THREADPOOL_SIZE'],
  ...['PGHOST', 'PGPORT', 'PGUSER', 'PGPASSWORD', 'PGDATABASE', 'PGOPTIONS', 'PGSSLMODE'],
];

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
      if (programVariables.includes(variable)) return [`${name} declares ${variable}, by which its programs are run: choose another name in ${file}`];
      if (Object.hasOwn(commonVariables, variable))
        return [`${name} declares ${variable}, which every service has already: leave it out of "configuration" in ${file}, or choose another name`];
      if (secretFiles.includes(variable))
        return [`${name} declares ${variable}, which names the file of the secret ${variable.replace(/_FILE$/, '')}: choose another name in ${file}`];
      return [];
    }),
    ...Object.entries(configuration).flatMap(([variable, found]) => boundFaults(found).map((fault) => `${variable} of ${name} ${fault} in ${file}`)),
    ...peers.flatMap((peer) => toldFaults(declaration, `the address of ${peer.name}`, peer.urlVariable, 'url')),
    ...toldFaults(declaration, 'its SQLite file', store.pathVariable, 'text'),
  ];
}

/** https://www.rfc-editor.org/rfc/rfc3986#section-3.1, as URLs are compared: in lower case. */
const schemePattern = /^[a-z][a-z0-9+.-]*$/;

/** Bounds that no value meets, and a secret that is none. */
function boundFaults(variable: Variable): string[] {
  if (variable.secret && variable.default !== undefined) return ['is a secret with a default, which whoever reads the code knows: leave one of the two out'];
  switch (variable.kind) {
    case 'integer':
      if (variable.minimum > variable.maximum) return [`takes from ${variable.minimum} to ${variable.maximum}, which no number is: exchange the two`];
      return Math.ceil(variable.minimum) <= Math.floor(variable.maximum)
        ? []
        : [`takes from ${variable.minimum} to ${variable.maximum}, where there is no whole number: give bounds that are whole`];
    case 'url':
      if (variable.schemes.length === 0) return ['takes URLs of no scheme, which no URL has: name one'];
      return variable.schemes
        .filter((scheme) => !schemePattern.test(scheme))
        .map((scheme) => `takes URLs of the scheme "${scheme}", which no URL has: write it in lower case, without "://", such as "http",`);
    case 'choice':
      return variable.choices.length > 0 ? [] : ['takes one of no words: name them'];
    default:
      return [];
  }
}

/** What is wrong with a variable that tells a service something which synth knows. */
function toldFaults({ name, configuration }: ServiceDeclaration, what: string, variable: string, kind: Variable['kind']): string[] {
  const found = configuration[variable];
  const told = `${name} is told ${what} by ${variable}, which`;
  const file = `services/${name}/service.ts`;
  if (found === undefined) return [`${told} it doesn't declare: add the variable to "configuration" in ${file}`];
  if (found.kind !== kind) return [`${told} is of kind "${found.kind}": declare it as "${kind}" in ${file}`];
  if (found.kind === 'url' && !found.schemes.includes('http'))
    return [`${told} takes no http://, by which peers are called: add "http" to its "schemes" in ${file}`];
  return found.secret ? [`${told} is a secret, so it would come by a file instead: leave "secret" out in ${file}`] : [];
}

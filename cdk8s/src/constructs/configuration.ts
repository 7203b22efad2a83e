import { ConfigurationError, parseConfiguration, variablesOf } from '@berth/service-kit/configuration';
import type { ServiceDeclaration, Variable } from '@berth/service-kit/declaration';
import type { Values } from '../environment';
import { contentHash } from '../hash';
import { type Construct, k8s } from '../kubernetes';
import { refuse } from '../refusal';
import { type ServiceSettings, valueOf } from '../settings';
import { databaseSecret } from './database';
import { labelsOf } from './labels';
import { secretVariables, serviceSecretName } from './service-secrets';

/**
 * A service's variables, named by their content and never changed: a rollout brings its own, and a pod of the release before that is
 * started again in the middle of it still gets the old ones.
 */
export class Configuration extends k8s.KubeConfigMap {
  constructor(scope: Construct, settings: ServiceSettings, derived: Values, behindIngress: boolean) {
    const { name } = settings.declaration;
    const data = textOf({ ...settings.values, ...derived });
    super(scope, 'configuration', {
      metadata: { name: `${name}-${contentHash(data)}`, labels: labelsOf(name, 'server') },
      // an empty one is not kept by the API server, and would look like a change for ever
      ...(Object.keys(data).length > 0 && { data }),
      immutable: true,
    });
    refuse(this, () => [
      ...namingFaults(settings, derived),
      ...secretFaults(settings.declaration, settings.values),
      ...valueFaults(settings.declaration, data),
      ...rateLimitFaults(settings, behindIngress),
      ...deadlineFaults(settings),
    ]);
  }
}

/** Sorted, so that equal content has one name. */
function textOf(values: Values): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values)
      .map(([name, value]) => [name, String(value)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function namingFaults({ declaration, values }: ServiceSettings, derived: Values): string[] {
  const known = Object.keys(variablesOf(declaration));
  return Object.keys(values).flatMap((name) => {
    if (Object.hasOwn(derived, name) || derivedNames.has(name))
      return [`${name} is set by synth itself, from the declarations and the environment's store: leave it out of "configuration"`];
    if (known.includes(name)) return [];
    return [
      `${name} is no variable of ${declaration.name}: it reads ${known.join(', ')}; correct the name, or move it to the "overrides" of the service that reads it`,
    ];
  });
}

/** What the probes, the Service and the policies rest on. */
const derivedNames = new Set(['PORT', 'HOST', 'DATABASE_URL_FILE', 'DATABASE_PASSWORD_FILE', 'MIGRATE_ON_START', 'BERTH_VERSION', 'BERTH_REVISION']);

function secretFaults(declaration: ServiceDeclaration, values: Values): string[] {
  const variables = variablesOf(declaration);
  return Object.entries(values).flatMap(([name, value]) => {
    if (variables[name]?.secret)
      return [`${name} is a secret, and a ConfigMap is readable by many: put ${secretPlace(name, declaration)}, never into "configuration"`];
    if (URL.canParse(String(value)) && new URL(String(value)).password !== '')
      return [`${name} holds a password in its URL, and a ConfigMap is readable by many: declare the variable as a secret, or take the password out`];
    return [];
  });
}

/** Where a secret belongs. Those of every service are about the database, whose Secret holds the password alone. */
function secretPlace(variable: string, declaration: ServiceDeclaration): string {
  if (secretVariables(declaration).includes(variable)) return `it into the Secret ${serviceSecretName(declaration)}`;
  const what = variable === 'DATABASE_PASSWORD' ? 'it' : 'its password';
  return `${what} into the Secret ${databaseSecret(declaration).name}, which an environment on PostgreSQL reads`;
}

/** The service's own parser judges, so that a value it would refuse on the cluster is refused here, in the same words; each default too, set or not. */
function valueFaults(declaration: ServiceDeclaration, data: Readonly<Record<string, string>>): string[] {
  const variables = variablesOf(declaration);
  // files of secrets are on the cluster only
  const plain = Object.entries(data).filter(([name]) => !(name.endsWith('_FILE') && variables[name.replace(/_FILE$/, '')]?.secret));
  const set = plain.filter(([, text]) => text !== '');
  const defaults = Object.entries<Variable>(declaration.configuration).flatMap(([name, variable]) =>
    variable.default === undefined ? [] : [[name, String(variable.default)] as const],
  );
  const inDefaults = parserFaults(declaration, Object.fromEntries(defaults)).map(
    (fault) => `${fault}: correct its default in services/${declaration.name}/service.ts`,
  );
  return [...inDefaults, ...parserFaults(declaration, Object.fromEntries(set))];
}

function parserFaults(declaration: ServiceDeclaration, values: Readonly<Record<string, string>>): readonly string[] {
  try {
    parseConfiguration(declaration, values);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
}

function rateLimitFaults(settings: ServiceSettings, behindIngress: boolean): string[] {
  if (valueOf(settings, 'RATE_LIMIT_PER_MINUTE') === undefined || !behindIngress || Number(valueOf(settings, 'TRUST_PROXY')) > 0) return [];
  return [
    'RATE_LIMIT_PER_MINUTE without TRUST_PROXY would count every client of the Ingress as one: set TRUST_PROXY to the number of proxies in front, 1 for the Ingress alone',
  ];
}

/** A peer's `<NAME>_URL` may stand beside a `<NAME>_TIMEOUT_MS` for one try and a `<NAME>_DEADLINE_MS` for all of them. */
function deadlineFaults(settings: ServiceSettings): string[] {
  return settings.declaration.peers.flatMap(({ urlVariable }) => {
    const [timeout, deadline] = ['TIMEOUT_MS', 'DEADLINE_MS'].map((what) => urlVariable.replace(/URL$/, what)) as [string, string];
    const [oneTry, allTries] = [valueOf(settings, timeout), valueOf(settings, deadline)];
    return Number(oneTry) > Number(allTries)
      ? [`${timeout} ${oneTry} is above ${deadline} ${allTries}, so a try without an answer would leave no time for another: lower it, or raise ${deadline}`]
      : [];
  });
}

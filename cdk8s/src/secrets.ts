import type { ServiceDeclaration } from '@berth/service-kit/declaration';
import { databaseSecret } from './constructs/database';
import { superuserSecret } from './constructs/postgres-stateful-set';
import { namespaceOf } from './constructs/restricted-namespace';
import { secretVariables, serviceSecretName } from './constructs/service-secrets';
import type { Environment } from './environment';
import { toYaml } from './output/yaml';

/** New Secrets, and those that nobody but a person can make. */
export interface NewSecrets {
  /** For `kubectl create -f -`; empty when there is none. */
  readonly yaml: string;
  /** A sentence for each Secret with a value that no random text is. */
  readonly leftOut: readonly string[];
}

/**
 * The Secrets that an environment's manifests name, with new values. They are written nowhere else.
 *
 * @param newPassword - makes one random text
 */
export function newSecrets(environment: Environment, declarations: readonly ServiceDeclaration[], newPassword: () => string): NewSecrets {
  const { name, store, services } = environment;
  const namespace = namespaceOf(name);
  const deployed = declarations.filter((declaration) => services === 'all' || services.includes(declaration.name));
  const passwords = store.kind === 'sqlite' ? [] : [...(store.kind === 'postgres-server' ? [superuserSecret] : []), ...deployed.map(databaseSecret)];
  const withOwn = deployed.filter((declaration) => secretVariables(declaration).length > 0);
  const [toAsk, toMake] = [
    withOwn.filter((declaration) => particular(declaration).length > 0),
    withOwn.filter((declaration) => particular(declaration).length === 0),
  ];
  const secrets = [
    ...passwords.map((secret) => ({ name: secret.name, type: 'kubernetes.io/basic-auth', stringData: { username: secret.username, password: newPassword() } })),
    ...toMake.map((declaration) => ({
      name: serviceSecretName(declaration),
      type: 'Opaque',
      stringData: Object.fromEntries(secretVariables(declaration).map((variable) => [variable, newPassword()])),
    })),
  ];
  const yaml = secrets
    .map(({ name: secretName, type, stringData }) =>
      toYaml({
        apiVersion: 'v1',
        kind: 'Secret',
        // CloudNativePG takes a changed password over at once where it sees this label
        metadata: { name: secretName, namespace, labels: { 'app.kubernetes.io/part-of': 'berth', 'cnpg.io/reload': 'true' } },
        type,
        stringData,
      }),
    )
    .join('---\n');
  return { yaml, leftOut: toAsk.map((declaration) => leftOut(declaration, namespace)) };
}

/** The secret variables that hold something particular, such as a URL. */
function particular({ configuration }: ServiceDeclaration): string[] {
  return Object.entries(configuration)
    .filter(([, { secret, kind }]) => secret && kind !== 'text')
    .map(([name]) => name);
}

function leftOut(declaration: ServiceDeclaration, namespace: string): string {
  const [name, variables] = [serviceSecretName(declaration), secretVariables(declaration)];
  const what = particular(declaration).map((variable) => `${variable} is of kind "${declaration.configuration[variable]!.kind}"`);
  const files = variables.map((variable) => `--from-file=${variable}=FILE`).join(' ');
  return `${name} is left out, because ${what.join(' and ')}, which no random text is: kubectl create secret generic ${name} -n ${namespace} ${files}`;
}

import type { ServiceDeclaration } from '@berth/service-kit/declaration';
import { databaseSecret } from './constructs/database';
import { superuserSecret } from './constructs/postgres-stateful-set';
import { namespaceOf } from './constructs/restricted-namespace';
import { secretVariables, serviceSecretName } from './constructs/service-secrets';
import type { Environment } from './environment';
import { toYaml } from './output/yaml';

/**
 * The Secrets that an environment's manifests name, with new values, as YAML for `kubectl create -f -`. They are written nowhere else.
 *
 * @param newPassword - makes one random text
 */
export function newSecrets(environment: Environment, declarations: readonly ServiceDeclaration[], newPassword: () => string): string {
  const { store, services } = environment;
  const deployed = declarations.filter((declaration) => services === 'all' || services.includes(declaration.name));
  const passwords = store.kind === 'sqlite' ? [] : [...(store.kind === 'postgres-server' ? [superuserSecret] : []), ...deployed.map(databaseSecret)];
  const secrets = [
    ...passwords.map((secret) => ({ name: secret.name, type: 'kubernetes.io/basic-auth', stringData: { username: secret.username, password: newPassword() } })),
    ...deployed
      .filter((declaration) => secretVariables(declaration).length > 0)
      .map((declaration) => ({
        name: serviceSecretName(declaration),
        type: 'Opaque',
        stringData: Object.fromEntries(secretVariables(declaration).map((variable) => [variable, newPassword()])),
      })),
  ];
  return secrets
    .map(({ name: secretName, type, stringData }) =>
      toYaml({
        apiVersion: 'v1',
        kind: 'Secret',
        // CloudNativePG takes a changed password over at once where it sees this label
        metadata: { name: secretName, namespace: namespaceOf(environment.name), labels: { 'app.kubernetes.io/part-of': 'berth', 'cnpg.io/reload': 'true' } },
        type,
        stringData,
      }),
    )
    .join('---\n');
}

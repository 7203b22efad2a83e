import { parseAllDocuments } from 'yaml';
import { boatService, environment, objectsOf, podTemplatesOf, services } from '../test/synthesized';
import { newSecrets } from './secrets';

interface Secret {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly stringData: Readonly<Record<string, string>>;
}

const all = [...services, boatService];

function secretsOf(name: string): Secret[] {
  let made = 0;
  const text = newSecrets(environment(name), all, () => `password-${made++}`);
  return parseAllDocuments(text).flatMap((document) => ((document as { toJS(): Secret | null }).toJS() ?? []) as Secret);
}

/** The Secrets that pods mount. */
function mounted(name: string): string[] {
  const volumes = podTemplatesOf(objectsOf(name, all)).flatMap(({ spec }) => (spec as { volumes: { secret?: { secretName: string } }[] }).volumes);
  return [...new Set(volumes.flatMap(({ secret }) => secret?.secretName ?? []))].sort();
}

it.each(['local', 'staging', 'production'])('%s: exactly the Secrets that its pods mount are printed, in its namespace', (name) => {
  const secrets = secretsOf(name);
  expect(secrets.map(({ metadata }) => metadata.name).sort()).toEqual(mounted(name));
  for (const { metadata } of secrets) expect(metadata.namespace).toBe(`berth-${name}`);
});

it('each password is a new one, and a service’s own secret has its variable’s name', () => {
  const secrets = secretsOf('staging');
  const values = secrets.flatMap(({ stringData }) => Object.values(stringData)).filter((value) => value.startsWith('password-'));
  expect(new Set(values).size).toBe(secrets.length);
  expect(secrets.find(({ metadata }) => metadata.name === 'boat-service-secrets')?.stringData).toEqual({ BOAT_KEY: expect.any(String) as string });
  expect(secrets.find(({ metadata }) => metadata.name === 'user-service-database')?.stringData['username']).toBe('user_service');
});

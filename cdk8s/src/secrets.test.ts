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
  const { yaml, leftOut } = newSecrets(environment(name), all, () => `password-${made++}`);
  expect(leftOut).toEqual([]);
  return parseAllDocuments(yaml).flatMap((document) => ((document as { toJS(): Secret | null }).toJS() ?? []) as Secret);
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

it('a Secret with a value that no random text is, is left to a person, who is told how', () => {
  const configuration = {
    ...boatService.configuration,
    BOAT_URL: { kind: 'url', schemes: ['https'], description: 'Where the boats are.', secret: true },
  } as const;
  const { yaml, leftOut } = newSecrets(environment('local'), [{ ...boatService, configuration }], () => 'password');
  expect(yaml).toBe('');
  expect(leftOut).toEqual([
    'boat-service-secrets is left out, because BOAT_URL is of kind "url", which no random text is: ' +
      'kubectl create secret generic boat-service-secrets -n berth-local --from-file=BOAT_KEY=FILE --from-file=BOAT_URL=FILE',
  ]);
});

import type { ServiceDeclaration } from '@berth/service-kit/declaration';
import { CloudNativeDatabase } from '../constructs/cloud-native-postgres';
import type { DatabaseAccess } from '../constructs/database';
import { externalAccess } from '../constructs/external-postgres';
import { monitorTogether } from '../constructs/monitoring';
import { DefaultDeny } from '../constructs/network';
import { PostgresServer } from '../constructs/postgres-server';
import { namespaceOf, RestrictedNamespace } from '../constructs/restricted-namespace';
import { secretVariables } from '../constructs/service-secrets';
import { SqliteVolume } from '../constructs/sqlite-volume';
import { WebService } from '../constructs/web-service';
import type { Environment } from '../environment';
import { imageOf, type ReleasedImageReferences } from '../images';
import { type App, Chart, Construct } from '../kubernetes';
import { refuse } from '../refusal';
import { type ServiceSettings, settingsOf } from '../settings';
import { collisionFaults } from './collision-faults';
import { nameFaults } from './declaration-faults';
import { stackFaults } from './stack-faults';

/** What a stack is made of. */
export interface StackParts {
  readonly environment: Environment;
  /** Every service of the repository. */
  readonly declarations: readonly ServiceDeclaration[];
  readonly released: ReleasedImageReferences;
}

/** Everything of one environment. One chart: cdk8s validates the whole app once for each chart. */
export class Stack extends Chart {
  constructor(scope: App, { environment, declarations, released }: StackParts) {
    const namespace = namespaceOf(environment.name);
    super(scope, environment.name, { namespace, disableResourceNameHashes: true });
    const chosen = chosenServices(environment, declarations);
    // two constructs can't have one name, so a service whose name is refused is not built
    const usable = chosen.filter((declaration) => nameFaults(declaration).length === 0);
    const settings = usable.map((declaration) => settingsOf(declaration, environment));
    const readsSecrets = environment.store.kind !== 'sqlite' || usable.some((declaration) => secretVariables(declaration).length > 0);
    new RestrictedNamespace(this, environment.name, readsSecrets);
    new DefaultDeny(new Construct(this, 'network'));
    const databaseOf = createDatabases(this, environment, usable);
    const byName = new Map(usable.map((declaration) => [declaration.name, declaration]));
    const callers = callersIn(usable);
    for (const each of settings) {
      const { name, peers } = each.declaration;
      new WebService(this, {
        environment,
        settings: each,
        image: imageOf(name, environment, released),
        database: (service) => databaseOf(service, each),
        peers: peers.flatMap((peer) => byName.get(peer.name) ?? []),
        callers: callers.get(name) ?? [],
      });
    }
    const operators = environment.monitoring?.operators;
    if (operators) monitorTogether(new Construct(this, 'monitoring'), usable, operators);
    refuse(this, () => [...chosen.flatMap(nameFaults), ...stackFaults(environment, declarations, settings), ...collisionFaults(this)]);
  }
}

/** The services that an environment deploys, by name. */
function chosenServices({ services }: Environment, declarations: readonly ServiceDeclaration[]): ServiceDeclaration[] {
  return declarations.filter(({ name }) => services === 'all' || services.includes(name)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Who calls whom, turned round: the names of the callers by the name of the called. */
function callersIn(services: readonly ServiceDeclaration[]): Map<string, string[]> {
  const callers = new Map<string, string[]>();
  for (const { name, peers } of services) for (const peer of peers) callers.set(peer.name, [...(callers.get(peer.name) ?? []), name]);
  return callers;
}

type Databases = (service: Construct, settings: ServiceSettings) => DatabaseAccess;

function createDatabases(stack: Stack, { store }: Environment, services: readonly ServiceDeclaration[]): Databases {
  switch (store.kind) {
    case 'sqlite':
      return (service, settings) => new SqliteVolume(service, 'data', settings, store).access;
    case 'postgres-server': {
      const server = new PostgresServer(
        stack,
        store,
        services.map(({ name }) => name),
      );
      return (_service, { declaration }) => server.accessOf(declaration);
    }
    case 'cloud-native-postgres':
      return (service, settings) => new CloudNativeDatabase(service, settings, store).access;
    case 'external-postgres':
      return (_service, { declaration }) => externalAccess(declaration, store);
  }
}

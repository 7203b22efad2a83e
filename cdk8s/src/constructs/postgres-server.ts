import type { Cpu, ServiceDeclaration } from '@berth/service-kit/declaration';
import type { PostgresServer as PostgresServerSettings } from '../environment';
import { storeImageFaults } from '../images';
import { Construct, k8s } from '../kubernetes';
import { refuse } from '../refusal';
import { type DatabaseAccess, databaseSecret, leastMemory, leastServerCpu, passwordFile, postgresAccess } from './database';
import { labelsOf, selectorOf } from './labels';
import { allowPolicy, podsHere, tcp, toPods } from './network';
import { hardenedContainer, secretVolume, temporarySize } from './pod';
import { postgresUser, PostgresStatefulSet, serverName, serverPort, superuserSecret } from './postgres-stateful-set';
import { prepareDatabase, superuserFolder } from './prepare-database';
import { type Least, quantityFaults } from './quantities';

/** `/tmp` and the sockets count as its disk. */
function leastOfServer({ maxConnections }: PostgresServerSettings): Least {
  return { cpu: leastServerCpu, memory: leastMemory(maxConnections), disk: { amount: temporarySize, because: `/tmp alone may hold ${temporarySize}` } };
}

/** What preparing a database reserves: as much as psql needs, and never more than the limit. */
function leastCpu(limit: Cpu): Cpu {
  return parseInt(limit) < 50 ? limit : '50m';
}

/** One PostgreSQL server for all services of the namespace, with a database and a role for each. */
export class PostgresServer extends Construct {
  constructor(
    scope: Construct,
    private readonly settings: PostgresServerSettings,
    services: readonly string[],
  ) {
    super(scope, serverName);
    const metadata = { name: serverName, labels: labelsOf(serverName, 'database') };
    const port = { name: serverPort.name, port: serverPort.number, targetPort: k8s.IntOrString.fromString(serverPort.name) };
    new k8s.KubeServiceAccount(this, 'service-account', { metadata, automountServiceAccountToken: false });
    new k8s.KubeService(this, 'service', { metadata, spec: { clusterIp: 'None', selector: selectorOf(serverName, 'database'), ports: [port] } });
    new PostgresStatefulSet(this, settings);
    const clients = services.flatMap((service) => [podsHere(service, 'server'), podsHere(service, 'migration')]);
    allowPolicy(this, 'network-policy', serverName, 'database', { ingress: [{ from: clients, ports: [tcp(serverPort.number)] }] });
    refuse(this, () => [...quantityFaults({ size: settings.size, ...settings.resources }, leastOfServer(settings)), ...storeImageFaults(settings)]);
  }

  /** How one service gets to its database. The migration makes the role and the database first, so that a service can come later too. */
  accessOf(declaration: ServiceDeclaration): DatabaseAccess {
    const { resources, image } = this.settings;
    const prepare = hardenedContainer({
      name: 'database',
      image,
      resources: { ...resources, cpu: leastCpu(resources.cpuLimit), memory: '64Mi' },
      user: postgresUser,
      command: ['bash', '-c', prepareDatabase],
      variables: { PGHOST: serverName, SERVICE_DATABASE: declaration.store.database, SERVICE_ROLE: databaseSecret(declaration).username },
      mounts: [passwordFile(declaration).mount, { name: 'superuser', mountPath: superuserFolder, readOnly: true }],
    });
    return postgresAccess(declaration, serverName, serverPort.number, [toPods(serverName, 'database', serverPort.number)], {
      server: { container: serverName, labels: selectorOf(serverName, 'database') },
      prepare: { initContainers: [prepare], volumes: [secretVolume('superuser', superuserSecret.name)] },
    });
  }
}

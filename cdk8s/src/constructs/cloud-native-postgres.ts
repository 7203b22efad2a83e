import type { CloudNativePostgres } from '../environment';
import { storeImageFaults } from '../images';
import { ApiObject, type Construct, k8s } from '../kubernetes';
import { refuse } from '../refusal';
import type { ServiceSettings } from '../settings';
import { type DatabaseAccess, databaseSecret, leastMemory, leastServerCpu, postgresAccess } from './database';
import { keepAnnotations, labelsOf } from './labels';
import { dnsEgress, podsHere, podsThere, tcp } from './network';
import { quantityFaults } from './quantities';

const port = 5432;
/** Where the operator asks an instance how it is: https://cloudnative-pg.io/documentation/current/networking/ */
const statusPort = 8000;

/** One CloudNativePG cluster with one database, for one service. The operator makes the pods. */
export class CloudNativeDatabase extends ApiObject {
  readonly access: DatabaseAccess;

  constructor(scope: Construct, settings: ServiceSettings, store: CloudNativePostgres) {
    const { declaration } = settings;
    const { cpu, cpuLimit, memory } = store.resources;
    const secret = databaseSecret(declaration);
    const name = `${declaration.name}-database`;
    super(scope, 'database', {
      apiVersion: 'postgresql.cnpg.io/v1',
      kind: 'Cluster',
      metadata: { name, labels: labelsOf(declaration.name, 'database'), annotations: { ...keepAnnotations } },
      spec: {
        instances: store.instances,
        imageName: store.image,
        storage: { size: store.size, ...(store.storageClass !== undefined && { storageClass: store.storageClass }) },
        bootstrap: { initdb: { database: declaration.store.database, owner: secret.username, secret: { name: secret.name } } },
        postgresql: { parameters: { max_connections: String(store.maxConnections) } },
        resources: { requests: { cpu, memory }, limits: { cpu: cpuLimit, memory } },
        enableSuperuserAccess: false,
        affinity: { enablePodAntiAffinity: true, topologyKey: 'kubernetes.io/hostname', podAntiAffinityType: 'preferred' },
      },
    });
    const instances = { podSelector: { matchLabels: { 'cnpg.io/cluster': name } } };
    // https://cloudnative-pg.io/documentation/current/labels_annotations/
    const server = { container: 'postgres', labels: { 'cnpg.io/cluster': name, 'cnpg.io/instanceRole': 'primary' } };
    this.access = postgresAccess(declaration, `${name}-rw`, port, [{ to: [instances], ports: [tcp(port)] }], { server });
    const clients = [podsHere(declaration.name, 'server'), podsHere(declaration.name, 'migration'), instances];
    new k8s.KubeNetworkPolicy(scope, 'database-network-policy', {
      metadata: { name, labels: labelsOf(declaration.name, 'database') },
      spec: {
        podSelector: instances.podSelector,
        policyTypes: ['Ingress', 'Egress'],
        ingress: [
          { from: clients, ports: [tcp(port)] },
          { from: [podsThere(store.operator), instances], ports: [tcp(statusPort)] },
        ],
        // the instances ask the API server, whose address is another one in every cluster
        egress: [dnsEgress, { to: [instances], ports: [tcp(port), tcp(statusPort)] }, { ports: [tcp(443), tcp(6443)] }],
      },
    });
    refuse(this, () => [
      ...quantityFaults({ size: store.size, ...store.resources }, { cpu: leastServerCpu, memory: leastMemory(store.maxConnections) }),
      ...instanceFaults(store),
      ...storeImageFaults(store),
    ]);
  }
}

/** `max_wal_senders`, 10 by default: an instance that follows takes one, and two while it is copied. https://www.postgresql.org/docs/17/runtime-config-replication.html */
const mostInstances = 10;

function instanceFaults({ instances }: CloudNativePostgres): string[] {
  if (!(instances >= 1 && Number.isInteger(instances))) return [`instances is ${instances}: a database needs at least 1, and 2 to survive the loss of a node`];
  return instances <= mostInstances
    ? []
    : [`instances is ${instances}: a primary sends its log to 10 at once, and twice to one that is being copied: give at most ${mostInstances}`];
}

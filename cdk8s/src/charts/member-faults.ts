import type { ResourcesDeclaration } from '@berth/service-kit/declaration';
import type {
  Autoscaled,
  CloudNativePostgres,
  Disruption,
  Environment,
  IngressSettings,
  MonitoringSettings,
  PodsElsewhere,
  ServiceOverride,
} from '../environment';
import { brokenRules, oneOf } from '../value-rules';

/** The members of a type, and which may be left out. The compiler keeps it complete: nothing else judges types when synth runs. */
type Members<Type> = { readonly [Member in keyof Type]-?: object extends Pick<Type, Member> ? 'optional' : 'required' };

type Store = Environment['store'];
type Images = Environment['images'];
type Operators = NonNullable<MonitoringSettings['operators']>;

const environmentMembers: Members<Environment> = {
  name: 'required',
  services: 'required',
  images: 'required',
  store: 'required',
  replicas: 'required',
  strategy: 'optional',
  disruption: 'optional',
  configuration: 'required',
  overrides: 'required',
  ingress: 'optional',
  monitoring: 'optional',
};

const imageMembers: { readonly [Kind in Images['kind']]: Members<Extract<Images, { kind: Kind }>> } = {
  built: { kind: 'required', tag: 'required' },
  tagged: { kind: 'required', registry: 'required', tag: 'required' },
  released: { kind: 'required', registry: 'required' },
};

const volume = { kind: 'required', size: 'required', storageClass: 'optional' } as const;
const server = { image: 'required', maxConnections: 'required', resources: 'required' } as const;

const storeMembers: { readonly [Kind in Store['kind']]: Members<Extract<Store, { kind: Kind }>> } = {
  sqlite: volume,
  'postgres-server': { ...volume, ...server },
  'cloud-native-postgres': { ...volume, ...server, instances: 'required', operator: 'required' },
  'external-postgres': { kind: 'required', host: 'required', port: 'required', cidr: 'required', maxConnections: 'required', sslMode: 'optional' },
};

const instanceResources: Members<CloudNativePostgres['resources']> = { cpu: 'required', cpuLimit: 'required', memory: 'required' };
const resources: Members<ResourcesDeclaration> = { ...instanceResources, disk: 'required' };
const someResources: Members<Partial<ResourcesDeclaration>> = { cpu: 'optional', cpuLimit: 'optional', memory: 'optional', disk: 'optional' };
const pods: Members<PodsElsewhere> = { namespace: 'required', labels: 'required' };
const autoscaled: Members<Autoscaled> = { minimum: 'required' };
const disruption: Members<Disruption> = { maxUnavailable: 'optional', minAvailable: 'optional' };
const ingress: Members<IngressSettings> = { className: 'required', host: 'optional', tlsSecret: 'optional', annotations: 'optional', controller: 'required' };
const monitoring: Members<MonitoringSettings> = { prometheus: 'required', operators: 'optional' };
const operators: Members<Operators> = { labels: 'required', dashboardLabels: 'required', runbooks: 'required' };
const override: Members<ServiceOverride> = {
  replicas: 'optional',
  disruption: 'optional',
  configuration: 'optional',
  resources: 'optional',
  maximumReplicas: 'optional',
};

/** What an environment has and nothing reads, and what it lacks: a misspelt member is one of them, or both. Judged before anything else. */
export function memberFaults(environment: Environment): string[] {
  const outer = faultsOf('the environment', environment, environmentMembers);
  const { images, store, overrides } = environment as Partial<Environment>;
  if (!images || !store || !overrides) return outer;
  const kinds = brokenRules([
    ['images.kind', String(images.kind), oneOf(...Object.keys(imageMembers))],
    ['store.kind', String(store.kind), oneOf(...Object.keys(storeMembers))],
  ]);
  return [
    ...outer,
    ...kinds,
    ...faultsOf('images', images, imageMembers[images.kind]),
    ...faultsOf('store', store, storeMembers[store.kind]),
    ...(store.kind === 'postgres-server' ? faultsOf('store.resources', store.resources, resources) : []),
    ...(store.kind === 'cloud-native-postgres'
      ? [...faultsOf('store.resources', store.resources, instanceResources), ...faultsOf('store.operator', store.operator, pods)]
      : []),
    ...settingFaults(environment),
  ];
}

function settingFaults(environment: Environment): string[] {
  const { replicas, ingress: way, monitoring: readers, overrides } = environment;
  return [
    ...faultsOf('replicas', replicas, autoscaled),
    ...faultsOf('disruption', environment.disruption, disruption),
    ...faultsOf('ingress', way, ingress),
    ...faultsOf('ingress.controller', way?.controller, pods),
    ...faultsOf('monitoring', readers, monitoring),
    ...faultsOf('monitoring.prometheus', readers?.prometheus, pods),
    ...faultsOf('monitoring.operators', readers?.operators, operators),
    ...Object.entries(overrides).flatMap(([service, each]) => {
      const where = `overrides["${service}"]`;
      return [
        ...faultsOf(where, each, override),
        ...faultsOf(`${where}.replicas`, each.replicas, autoscaled),
        ...faultsOf(`${where}.disruption`, each.disruption, disruption),
        ...faultsOf(`${where}.resources`, each.resources, someResources),
      ];
    }),
  ];
}

/** What is no object has no members to judge. */
function faultsOf(where: string, value: unknown, members: Readonly<Record<string, 'optional' | 'required'>> | undefined): string[] {
  if (typeof value !== 'object' || value === null || members === undefined) return [];
  const given = value as Readonly<Record<string, unknown>>;
  const known = Object.keys(members).join(', ');
  return [
    ...Object.keys(given)
      .filter((member) => !Object.hasOwn(members, member))
      .map((member) => `${where} has "${member}", which nothing reads: there are ${known}; correct its name, or leave it out`),
    ...Object.entries(members)
      .filter(([member, kind]) => kind === 'required' && given[member] === undefined)
      .map(([member]) => `${where} lacks "${member}": give it, as cdk8s/src/environment.ts says`),
  ];
}

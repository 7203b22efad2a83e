import type { ResourcesDeclaration } from '@berth/service-kit/declaration';
import { cpu, memory, resources } from './declaration-shape';
import type {
  Autoscaled,
  CloudNativePostgres,
  Disruption,
  Environment,
  IngressSettings,
  MonitoringSettings,
  PodsElsewhere,
  ServiceOverride,
} from './environment';
import { byKind, either, listOf, number, objectOf, plain, recordOf, text, textSuchAs, word } from './shapes';

const optionalText = { optional: text };
const optionalNumber = { optional: number };
const labels = recordOf(text);
const values = recordOf(plain);

const volume = { size: textSuchAs('5Gi'), storageClass: optionalText };
const pods = objectOf<PodsElsewhere>({ namespace: text, labels });
const instanceResources = objectOf<CloudNativePostgres['resources']>({ cpu, cpuLimit: cpu, memory });

const images = byKind<Environment['images']>({ built: { tag: text }, tagged: { registry: text, tag: text }, released: { registry: text } });

const store = byKind<Environment['store']>({
  sqlite: volume,
  'postgres-server': { ...volume, image: text, maxConnections: number, resources },
  'cloud-native-postgres': { ...volume, image: text, maxConnections: number, resources: instanceResources, instances: number, operator: pods },
  'external-postgres': { host: text, port: number, cidr: text, maxConnections: number, sslMode: optionalText },
});

const replicas = either(number, objectOf<Autoscaled>({ minimum: number }));
const disruption = { optional: objectOf<Disruption>({ maxUnavailable: optionalNumber, minAvailable: optionalNumber }) };

const ingress = objectOf<IngressSettings>({
  className: text,
  host: optionalText,
  tlsSecret: optionalText,
  annotations: { optional: recordOf(text) },
  controller: pods,
});

const operators = objectOf<NonNullable<MonitoringSettings['operators']>>({ labels, dashboardLabels: labels, runbooks: text });

const override = objectOf<ServiceOverride>({
  replicas: { optional: replicas },
  disruption,
  configuration: { optional: values },
  resources: {
    optional: objectOf<Partial<ResourcesDeclaration>>({
      cpu: { optional: cpu },
      cpuLimit: { optional: cpu },
      memory: { optional: memory },
      disk: { optional: memory },
    }),
  },
  maximumReplicas: optionalNumber,
});

/** An environment as its type has it. What is judged later may rely on it. */
export const environmentShape = objectOf<Environment>(
  {
    name: text,
    services: either(word('all'), listOf(text)),
    images,
    store,
    replicas,
    strategy: optionalText,
    disruption,
    configuration: values,
    overrides: recordOf(override),
    ingress: { optional: ingress },
    monitoring: { optional: objectOf<MonitoringSettings>({ prometheus: pods, operators: { optional: operators } }) },
  },
  'the environment',
);

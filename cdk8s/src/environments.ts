import type { Environment, PodsElsewhere } from './environment';

/** Where this repository and its images are published. A fork's own names go here: docs/operations.md#your-own-names */
const repository = 'https://github.com/berth/berth';
const registry = 'ghcr.io/berth';

const ingressController: PodsElsewhere = { namespace: 'ingress-nginx', labels: { 'app.kubernetes.io/name': 'ingress-nginx' } };
const prometheus: PodsElsewhere = { namespace: 'monitoring', labels: { 'app.kubernetes.io/name': 'prometheus' } };

/** An empty cluster on one's own machine: kind, minikube. Needs no operator and no Secret. */
const local: Environment = {
  name: 'local',
  services: 'all',
  images: { kind: 'built', tag: 'dev' },
  store: { kind: 'sqlite', size: '1Gi', storageClass: 'standard' },
  replicas: 1,
  configuration: {},
  overrides: {},
  ingress: { className: 'nginx', controller: ingressController },
  monitoring: { prometheus },
};

/** Everything as in production that needs no operator. */
const staging: Environment = {
  name: 'staging',
  services: 'all',
  images: { kind: 'tagged', registry, tag: '0.1.0' },
  store: {
    kind: 'postgres-server',
    image: 'postgres:17-bookworm',
    size: '5Gi',
    storageClass: 'standard',
    maxConnections: 200,
    resources: { cpu: '150m', cpuLimit: '1000m', memory: '512Mi', disk: '64Mi' },
  },
  replicas: 2,
  configuration: {},
  overrides: {},
  ingress: { className: 'nginx', host: 'staging.berth.example', tlsSecret: 'berth-tls', controller: ingressController },
  monitoring: { prometheus },
};

/** A cluster with the operators of CloudNativePG and Prometheus, Grafana's dashboard sidecar, and metrics for autoscaling. */
const production: Environment = {
  name: 'production',
  services: 'all',
  images: { kind: 'released', registry },
  store: {
    kind: 'cloud-native-postgres',
    image: 'ghcr.io/cloudnative-pg/postgresql:17.6',
    instances: 3,
    size: '20Gi',
    maxConnections: 300,
    resources: { cpu: '500m', cpuLimit: '2000m', memory: '1024Mi' },
    operator: { namespace: 'cnpg-system', labels: { 'app.kubernetes.io/name': 'cloudnative-pg' } },
  },
  replicas: { minimum: 3 },
  configuration: {},
  overrides: {},
  ingress: { className: 'nginx', host: 'berth.example', tlsSecret: 'berth-tls', controller: ingressController },
  monitoring: {
    prometheus,
    operators: {
      labels: { release: 'kube-prometheus-stack' },
      dashboardLabels: { grafana_dashboard: '1' },
      runbooks: `${repository}/blob/main/docs/runbooks`,
    },
  },
};

/** Every environment, each a folder in `charts/`. */
export const environments: readonly Environment[] = [local, staging, production];

import type { ServiceDeclaration } from '@berth/service-kit/declaration';
import type { Environment, Values } from '../environment';
import { imageFaults } from '../images';
import { Construct, k8s } from '../kubernetes';
import { metricFaults } from '../monitoring/service-metrics';
import { refuse } from '../refusal';
import { minimumReplicas, type ServiceSettings } from '../settings';
import { Autoscaler } from './autoscaler';
import { Configuration } from './configuration';
import type { DatabaseAccess } from './database';
import { DisruptionBudget } from './disruption-budget';
import { labelsOf, selectorOf } from './labels';
import { MigrationJob } from './migration-job';
import { monitorService } from './monitoring';
import { allowPolicy, dnsEgress, podsHere, podsThere, tcp, toPods } from './network';
import { portName, ServiceDeployment } from './service-deployment';
import { ServiceIngress } from './service-ingress';
import { secretFiles } from './service-secrets';

/** The port of every Service, whatever its pods listen on. */
export const servicePort = 8000;

/** A service among the others of its environment. */
export interface WebServiceParts {
  readonly environment: Environment;
  readonly settings: ServiceSettings;
  readonly image: string;
  /** Called with the construct, below which it may put objects of its own. */
  readonly database: (service: Construct) => DatabaseAccess;
  /** The services that it calls. */
  readonly peers: readonly ServiceDeclaration[];
  /** The names of the services that call it. */
  readonly callers: readonly string[];
}

/** Everything of one service: `manifests/<service>/` can be applied alone. */
export class WebService extends Construct {
  constructor(scope: Construct, parts: WebServiceParts) {
    const { environment, settings, image } = parts;
    const { declaration } = settings;
    const { name, paths } = declaration;
    super(scope, name);
    const ingress = paths.length > 0 ? environment.ingress : undefined;
    const database = parts.database(this);
    const secrets = secretFiles(declaration);
    const configuration = new Configuration(this, settings, { ...database.values, ...secrets.values, ...peerUrls(declaration) }, ingress !== undefined);
    new k8s.KubeServiceAccount(this, 'service-account', { metadata: { name, labels: labelsOf(name, 'server') }, automountServiceAccountToken: false });
    new k8s.KubeService(this, 'service', {
      metadata: { name, labels: labelsOf(name, 'server') },
      spec: { selector: selectorOf(name, 'server'), ports: [{ name: portName, port: servicePort, targetPort: k8s.IntOrString.fromString(portName) }] },
    });
    new ServiceDeployment(this, settings, {
      image,
      configMapName: configuration.name,
      volumes: [...database.volumes, ...secrets.volumes],
      mounts: [...database.mounts, ...secrets.mounts],
      backup: database.backup,
    });
    if (database.migration) {
      new MigrationJob(this, settings, image, database);
      allowPolicy(this, 'migration-network-policy', name, 'migration', { egress: [dnsEgress, ...database.egress] });
    }
    allowPolicy(this, 'network-policy', name, 'server', { ingress: waysIn(parts), egress: [dnsEgress, ...database.egress, ...waysToPeers(parts)] });
    if (typeof settings.replicas !== 'number') new Autoscaler(this, settings);
    if (minimumReplicas(settings) > 1) new DisruptionBudget(this, settings);
    if (ingress) new ServiceIngress(this, declaration, ingress);
    const operators = environment.monitoring?.operators;
    if (operators) monitorService(this, declaration, parts.peers, operators);
    // a service with a metric that can't be registered would not start, whoever reads it
    refuse(this, () => [...imageFaults(name, image, environment), ...(operators ? [] : metricFaults(declaration))]);
  }
}

/** A peer is called through its Service. */
function peerUrls({ peers }: ServiceDeclaration): Values {
  return Object.fromEntries(peers.map(({ name, urlVariable }) => [urlVariable, `http://${name}:${servicePort}`]));
}

function waysIn({ settings, environment, callers }: WebServiceParts): k8s.NetworkPolicyIngressRule[] {
  const { port, paths } = settings.declaration;
  const { ingress, monitoring } = environment;
  const from = [
    ...callers.map((caller) => podsHere(caller, 'server')),
    ...(ingress && paths.length > 0 ? [podsThere(ingress.controller)] : []),
    ...(monitoring ? [podsThere(monitoring.prometheus)] : []),
  ];
  return from.length > 0 ? [{ from, ports: [tcp(port)] }] : [];
}

function waysToPeers({ peers }: WebServiceParts): k8s.NetworkPolicyEgressRule[] {
  return peers.map(({ name, port }) => toPods(name, 'server', port));
}

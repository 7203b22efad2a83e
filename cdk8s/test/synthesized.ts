import { parse } from 'yaml';
import type { ServiceDeclaration } from '@berth/service-kit/declaration';
import { orderService } from '../../services/order-service/service';
import { userService } from '../../services/user-service/service';
import type { Files } from '../src/charts/folder';
import type { Environment } from '../src/environment';
import { environments } from '../src/environments';
import { SynthRefused } from '../src/refusal';
import { synthesize } from '../src/synth';

/** A Kubernetes object, as it was rendered. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each kind has its own shape, and a wrong one fails the test that reads it
  readonly spec: any;
  readonly data?: Record<string, string>;
  readonly immutable?: boolean;
}

/** The repository's services. */
export const services: readonly ServiceDeclaration[] = [orderService, userService];

/** A service that is in no environment yet. */
export const boatService: ServiceDeclaration = {
  ...userService,
  name: 'boat-service',
  port: 8009,
  paths: ['/boats'],
  peers: [{ name: 'user-service', urlVariable: 'USER_SERVICE_URL' }],
  configuration: {
    BOAT_DB_PATH: { kind: 'text', default: './data/boats.db', description: 'File' },
    USER_SERVICE_URL: { kind: 'url', schemes: ['http'], default: 'http://localhost:8000', description: 'Peer' },
    BOAT_KEY: { kind: 'text', secret: true, description: 'Key' },
  },
  store: { pathVariable: 'BOAT_DB_PATH', database: 'boatdb', schema: 1, schemaMinimum: 1 },
  metrics: [{ name: 'boats_launched_total', type: 'counter', help: 'Boats launched', labels: ['kind'] }],
  checks: [],
  flows: [],
};

/** One of the three environments. */
export function environment(name: string): Environment {
  return environments.find((each) => each.name === name)!;
}

/** An image of each service, by digest. */
export const released = Object.fromEntries([...services, boatService].map(({ name }) => [name, `registry.example/${name}:1.2.3@sha256:${'a'.repeat(64)}`]));

/** The files of an environment. */
export function filesOf(name: string | Environment, declarations = services): Files {
  return synthesize({ environment: typeof name === 'string' ? environment(name) : name, declarations, released });
}

/** The objects of an environment, read back from its YAML. */
export function objectsOf(name: string | Environment, declarations = services): Manifest[] {
  const files = [...filesOf(name, declarations)];
  return files.filter(([path]) => path === 'namespace.yaml' || path.startsWith('manifests/')).map(([, text]) => parse(text) as Manifest);
}

/** Why an environment is refused; none when it isn't. */
export function faultsOf(name: string | Environment, declarations = services, images = released): readonly string[] {
  try {
    synthesize({ environment: typeof name === 'string' ? environment(name) : name, declarations, released: images });
    return [];
  } catch (error) {
    if (error instanceof SynthRefused) return error.faults;
    throw error;
  }
}

/** The pod templates of an environment, with what they belong to. */
export function podTemplatesOf(
  objects: readonly Manifest[],
): { readonly owner: string; readonly metadata: Manifest['metadata']; readonly spec: Manifest['spec'] }[] {
  return objects
    .filter(({ kind }) => ['Deployment', 'StatefulSet', 'Job'].includes(kind))
    .map(({ kind, metadata, spec }) => ({
      owner: `${kind}/${metadata.name}`,
      ...(spec as { template: { metadata: Manifest['metadata']; spec: unknown } }).template,
    }));
}

import type { Check } from '../../checks/run-check';
import { UsageError } from '../exit-codes';
import { isObject } from '../manifests/json';
import { type KubernetesObject, nameOf, referenceOf } from '../manifests/kubernetes-object';

/** An HTTP path of a workload's pods. */
export interface Page {
  readonly path: string;
  /** Of the pods: by number, or by its name there. */
  readonly port: number | string;
}

/** A page that is asked for as the kubelet does. */
export interface Probe extends Page {
  readonly scheme: 'http' | 'https';
  readonly headers: Readonly<Record<string, string>>;
}

/** What a workload says of itself, by which it can be proven. */
export interface Provable {
  /** Such as `Deployment/shop/user-service`. */
  readonly name: string;
  readonly namespace: string;
  readonly podLabels: Readonly<Record<string, string>>;
  readonly containerPorts: readonly { readonly name?: string; readonly containerPort: number }[];
  /** Where it says whether it is ready, if by HTTP. */
  readonly health?: Probe;
  /** Where Prometheus is told to scrape it. */
  readonly metrics?: Page;
  readonly checks: readonly Check[];
}

interface HttpGet {
  readonly path?: string;
  readonly port: number | string;
  readonly scheme?: string;
  readonly httpHeaders?: readonly { readonly name: string; readonly value: string }[];
}

interface Container {
  readonly ports?: Provable['containerPorts'];
  readonly readinessProbe?: { readonly httpGet?: HttpGet };
}

interface Template {
  readonly metadata?: { readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> };
  readonly spec: { readonly containers: readonly Container[] };
}

const workloads = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

/** What there is to prove among live objects. @throws UsageError when a workload's checks are none */
export function provablesOf(objects: readonly KubernetesObject[]): Provable[] {
  return objects.filter(({ kind }) => workloads.has(kind)).map(provableOf);
}

function provableOf(object: KubernetesObject): Provable {
  const { metadata = {}, spec } = (object.spec as { template: Template }).template;
  const { labels = {}, annotations = {} } = metadata;
  const probe = spec.containers.map(({ readinessProbe }) => readinessProbe?.httpGet).find((httpGet) => httpGet !== undefined);
  const port = annotations['prometheus.io/port'];
  return {
    name: nameOf(referenceOf(object)),
    namespace: object.metadata.namespace ?? 'default',
    podLabels: labels,
    containerPorts: spec.containers.flatMap(({ ports }) => ports ?? []),
    ...(probe && { health: healthOf(probe) }),
    ...(annotations['prometheus.io/scrape'] === 'true' && port !== undefined
      ? { metrics: { path: annotations['prometheus.io/path'] ?? '/metrics', port: Number(port) } }
      : {}),
    checks: checksOf(object),
  };
}

function healthOf({ path = '/', port, scheme, httpHeaders = [] }: HttpGet): Probe {
  return {
    path: path.startsWith('/') ? path : `/${path}`,
    port,
    scheme: scheme === 'HTTPS' ? 'https' : 'http',
    headers: Object.fromEntries(httpHeaders.map(({ name, value }) => [name, value])),
  };
}

/** On a workload: how it is proven by its own API, as JSON. */
const checksAnnotation = 'berth.dev/checks';

function checksOf(object: KubernetesObject): readonly Check[] {
  const text = object.metadata.annotations?.[checksAnnotation];
  if (text === undefined) return [];
  const wrong = `${nameOf(referenceOf(object))} has no checks in its annotation ${checksAnnotation}: it must be a JSON list of {"name", "steps"}, as synth writes it`;
  try {
    const checks = JSON.parse(text) as readonly Check[];
    if (Array.isArray(checks) && checks.every(isCheck)) return checks;
  } catch (error) {
    throw new UsageError(wrong, { cause: error });
  }
  throw new UsageError(wrong);
}

function isCheck(value: unknown): value is Check {
  if (!isObject(value) || typeof value['name'] !== 'string' || !Array.isArray(value['steps'])) return false;
  return value['steps'].every(
    (step: unknown) =>
      isObject(step) && ['service', 'method', 'path'].every((member) => typeof step[member] === 'string') && typeof step['status'] === 'number',
  );
}

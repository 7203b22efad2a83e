import { runCheck } from '../../checks/run-check';
import type { Cluster } from '../cluster/cluster';
import type { KubernetesObject } from '../manifests/kubernetes-object';
import { hasLabels } from '../manifests/selectors';
import { readinessSpreadsMs } from '../readiness/readiness-spreads';
import { type Way, openWay } from '../ways/open-way';
import type { Service, ServicePort } from '../ways/service-port';
import { type Answer, healthFault, metricsFault } from './answers';
import { type Page, type Provable, provablesOf } from './live-workloads';
import { answerTimeoutMs, lookAt, probed, scraped } from './look';

/** One thing that was proven of a workload, or wasn't. */
export interface Proof {
  /** Such as `Deployment/shop/user-service`. */
  readonly workload: string;
  /** What was looked at, such as `/health/ready`, or a check's name. */
  readonly what: string;
  /** What is wrong; nothing when it holds. */
  readonly fault?: string;
}

/** How a stack is proven. */
export interface VerifyOptions {
  /** Told of each proof at once. */
  onProof?(proof: Proof): void;
  /** When it is aborted nothing more is tried, and what a check has made is removed. */
  readonly signal: AbortSignal;
}

/**
 * Proves a stack that is ready by what its manifests say of it: the health and the metrics of each workload, and its checks by its own API, which leave
 * no data behind. By ways to its pods, so that no way in from outside is needed.
 *
 * @param objects - as they are live
 * @throws UsageError when a check calls a Service that isn't there, or can't be read
 */
export async function verify(cluster: Cluster, objects: readonly KubernetesObject[], { onProof, signal }: VerifyOptions): Promise<readonly Proof[]> {
  const ways = new Ways(cluster, objects);
  const proofs: Proof[] = [];
  try {
    for (const provable of provablesOf(objects))
      for (const [what, look] of looksAt(provable, ways, signal)) {
        const faults = signal.aborted ? ['stopped before it'] : (await look()).map((fault) => withReason(fault, ways));
        const proof: Proof = { workload: provable.name, what, ...(faults.length > 0 && { fault: faults.join('; ') }) };
        proofs.push(proof);
        onProof?.(proof);
      }
  } finally {
    await ways.close();
  }
  return proofs;
}

/** Why a way led nowhere says more than how its connection ended. */
function withReason(fault: string, ways: Ways): string {
  const reason = ways.takeFault();
  return reason === undefined ? fault : fault.replace(/got no answer: .*$/, `got no answer: ${reason}`);
}

type Look = readonly [what: string, look: () => Promise<readonly string[]>];

function looksAt({ namespace, checks, health, metrics, ...provable }: Provable, ways: Ways, signal: AbortSignal): Look[] {
  const isBerths = checks.length > 0;
  const page = (of: Page, ask: (url: string) => Promise<Answer>, faultOf: (answer: Answer, isBerths: boolean) => string | undefined, settleMs = 0): Look => [
    of.path,
    async () => {
      const url = await ways.toPage({ namespace, ...provable }, of);
      // one without a Service is looked at by its probe alone
      return url === undefined
        ? []
        : lookAt(
            () => ask(url),
            (answer) => faultOf(answer, isBerths),
            { settleMs, signal },
          );
    },
  ];
  return [
    ...(health ? [page(health, (url) => probed(url.replace(/^http:/, `${health.scheme}:`), health.headers), healthFault, readinessSpreadsMs)] : []),
    ...(metrics ? [page(metrics, scraped, metricsFault)] : []),
    ...checks.map((check): Look => [check.name, () => runCheck(check, (service) => ways.to(namespace, service), signal)]),
  ];
}

/** Ways to Services, each opened when it is first needed. */
class Ways {
  private readonly opened = new Map<string, Promise<Way>>();
  private lastFault: string | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly objects: readonly KubernetesObject[],
  ) {}

  /** A Service's base URL on this machine: by HTTP, whatever its port is called. @throws UsageError when it isn't there */
  async to(namespace: string, service: string, port?: ServicePort): Promise<string> {
    const wanted = port === undefined ? undefined : String(port.port);
    const key = `${namespace}/${service}:${wanted ?? ''}`;
    const onFault = (sentence: string) => void (this.lastFault = sentence);
    const target = { namespace, service, ...(wanted === undefined ? {} : { port: wanted }) };
    const way = this.opened.get(key) ?? openWay(this.cluster, target, { localPort: 0, waitMs: answerTimeoutMs / 2, onFault });
    this.opened.set(key, way);
    return (await way).url.replace(/^\w+:/, 'http:');
  }

  /** The URL of a page of a workload, by the Service that leads to it; nothing when none does. */
  async toPage(
    { namespace, podLabels, containerPorts }: Pick<Provable, 'namespace' | 'podLabels' | 'containerPorts'>,
    page: Page,
  ): Promise<string | undefined> {
    const numberOf = (port: number | string) => (typeof port === 'number' ? port : containerPorts.find(({ name }) => name === port)?.containerPort);
    for (const { kind, metadata, spec } of this.objects as readonly Service[]) {
      if (kind !== 'Service' || metadata.namespace !== namespace || !selects(spec.selector, podLabels)) continue;
      const port = spec.ports?.find(({ port: own, targetPort = own }) => numberOf(targetPort) === numberOf(page.port));
      if (port !== undefined) return `${await this.to(namespace, metadata.name, port)}${page.path}`;
    }
    return undefined;
  }

  /** What last kept a connection from a pod, since it was asked. */
  takeFault(): string | undefined {
    const fault = this.lastFault;
    this.lastFault = undefined;
    return fault;
  }

  async close(): Promise<void> {
    for (const way of this.opened.values())
      await way.then(
        ({ close }) => close(),
        () => undefined,
      );
  }
}

/** A Service without a selector has its endpoints from elsewhere. */
function selects(selector: Readonly<Record<string, string>> = {}, labels: Readonly<Record<string, string>>): boolean {
  return Object.keys(selector).length > 0 && hasLabels(labels, selector);
}

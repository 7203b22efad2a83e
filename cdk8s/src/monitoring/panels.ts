import { commonMetrics, peerMetrics } from '@berth/service-kit/common-metrics';
import type { ServiceDeclaration } from '@berth/service-kit/declaration';
import type { Panel } from './dashboard';
import { seriesOf } from './series';

const { databaseDuration, databaseConnections } = commonMetrics;

/** The value that a share of a histogram’s observations, 0 to 1, lies below, in each group of labels. */
export function quantile(share: number, histogram: string, selector: string, by: readonly string[] = []): string {
  return `histogram_quantile(${share}, sum by (${[...by, 'le'].join(', ')}) (rate(${histogram}_bucket{${selector}}[5m])))`;
}

/** The median, p90 and p99 of a histogram. */
export function quantiles(histogram: string, selector: string): Panel['queries'] {
  return [0.5, 0.9, 0.99].map((share) => [quantile(share, histogram, selector), `p${share * 100}`] as const);
}

/** How calls go from those of the services that call peers; none where none does. */
export function peerPanels(namespace: string, services: readonly ServiceDeclaration[]): Panel[] {
  const callers = services.filter(({ peers }) => peers.length > 0).map(({ name }) => name);
  if (callers.length === 0) return [];
  const from = seriesOf(namespace, callers);
  const { requests, duration, retries, breaker } = peerMetrics;
  return [
    {
      title: 'Calls to peers',
      description: requests.help,
      unit: 'reqps',
      queries: [[`sum by (job, peer, outcome) (rate(${requests.name}{${from}}[5m]))`, '{{job}} to {{peer}} {{outcome}}']],
    },
    {
      title: 'Time of calls to peers, p99',
      description: duration.help,
      unit: 's',
      queries: [[quantile(0.99, duration.name, from, ['job', 'peer']), '{{job}} to {{peer}}']],
    },
    {
      title: 'Repeated tries',
      description: retries.help,
      unit: 'ops',
      queries: [[`sum by (job, peer) (rate(${retries.name}{${from}}[5m]))`, '{{job}} to {{peer}}']],
    },
    { title: 'Circuit breaker', description: breaker.help, unit: 'short', queries: [[`max by (job, peer) (${breaker.name}{${from}})`, '{{job}} to {{peer}}']] },
  ];
}

/** How the services' databases answer. */
export function databasePanels(namespace: string, services: readonly ServiceDeclaration[]): Panel[] {
  const of = seriesOf(
    namespace,
    services.map(({ name }) => name),
  );
  return [
    {
      title: 'Database time, p99',
      description: databaseDuration.help,
      unit: 's',
      queries: [[quantile(0.99, databaseDuration.name, of, ['job', 'statement']), '{{job}} {{statement}}']],
    },
    {
      title: 'Database connections',
      description: databaseConnections.help,
      unit: 'short',
      queries: [[`sum by (job, state) (${databaseConnections.name}{${of}})`, '{{job}} {{state}}']],
    },
  ];
}

import { commonMetrics, peerMetrics } from '@berth/service-kit/common-metrics';
import type { MetricDeclaration, ServiceDeclaration } from '@berth/service-kit/declaration';
import { type Dashboard, dashboardOf, type Panel } from './dashboard';

const { httpRequests, httpDuration, httpInFlight, databaseDuration, databaseConnections } = commonMetrics;

/** One service's dashboard: what every service has, its calls to peers, and a panel for each metric of its own. */
export function serviceDashboard(declaration: ServiceDeclaration): Dashboard {
  const { name, peers, metrics } = declaration;
  const panels = [...commonPanels(name), ...(peers.length > 0 ? peerPanels(name) : []), ...metrics.map((metric) => ownPanel(name, metric))];
  return dashboardOf(`berth-${name}`, name, panels);
}

function commonPanels(service: string): Panel[] {
  const job = `job="${service}"`;
  return [
    {
      title: 'Requests',
      description: httpRequests.help,
      unit: 'reqps',
      queries: [[`sum by (route, method) (rate(${httpRequests.name}{${job}}[5m]))`, '{{method}} {{route}}']],
    },
    {
      title: 'Errors',
      description: 'Share of answers that are 5xx',
      unit: 'percentunit',
      queries: [
        [`sum by (route) (rate(${httpRequests.name}{${job},status=~"5.."}[5m])) / sum by (route) (rate(${httpRequests.name}{${job}}[5m]))`, '{{route}}'],
      ],
    },
    { title: 'Answer time', description: httpDuration.help, unit: 's', queries: quantiles(httpDuration.name, job) },
    {
      title: 'Requests in flight',
      description: httpInFlight.help,
      unit: 'short',
      queries: [[`sum by (pod) (${httpInFlight.name}{${job}})`, '{{pod}}']],
    },
    { title: 'Database time', description: databaseDuration.help, unit: 's', queries: quantiles(databaseDuration.name, job) },
    {
      title: 'Database connections',
      description: databaseConnections.help,
      unit: 'short',
      queries: [[`sum by (state) (${databaseConnections.name}{${job}})`, '{{state}}']],
    },
    { title: 'CPU', description: 'CPU time used', unit: 'cores', queries: [[`sum by (pod) (rate(process_cpu_seconds_total{${job}}[5m]))`, '{{pod}}']] },
    { title: 'Memory', description: 'Resident memory', unit: 'bytes', queries: [[`sum by (pod) (process_resident_memory_bytes{${job}})`, '{{pod}}']] },
  ];
}

function peerPanels(service: string): Panel[] {
  const job = `job="${service}"`;
  const { requests, duration, retries, breaker } = peerMetrics;
  return [
    {
      title: 'Calls to peers',
      description: requests.help,
      unit: 'reqps',
      queries: [[`sum by (peer, outcome) (rate(${requests.name}{${job}}[5m]))`, '{{peer}} {{outcome}}']],
    },
    { title: 'Time of calls to peers', description: duration.help, unit: 's', queries: quantiles(duration.name, job) },
    { title: 'Repeated tries', description: retries.help, unit: 'ops', queries: [[`sum by (peer) (rate(${retries.name}{${job}}[5m]))`, '{{peer}}']] },
    { title: 'Circuit breaker', description: breaker.help, unit: 'short', queries: [[`max by (peer) (${breaker.name}{${job}})`, '{{peer}}']] },
  ];
}

function ownPanel(service: string, { name, type, help, labels }: MetricDeclaration): Panel {
  const job = `job="${service}"`;
  const legend = labels.map((label) => `{{${label}}}`).join(' ') || name;
  const by = labels.length > 0 ? `sum by (${labels.join(', ')}) ` : 'sum ';
  switch (type) {
    case 'counter':
      return { title: name, description: help, unit: 'ops', queries: [[`${by}(rate(${name}{${job}}[5m]))`, legend]] };
    case 'gauge':
      return { title: name, description: help, unit: 'short', queries: [[`${by}(${name}{${job}})`, legend]] };
    case 'histogram':
      return { title: name, description: help, unit: 's', queries: quantiles(name, job) };
  }
}

function quantiles(histogram: string, job: string): Panel['queries'] {
  return [0.5, 0.9, 0.99].map((share) => [`histogram_quantile(${share}, sum by (le) (rate(${histogram}_bucket{${job}}[5m])))`, `p${share * 100}`] as const);
}

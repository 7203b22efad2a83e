import { commonMetrics } from '@berth/service-kit/common-metrics';
import type { MetricDeclaration, ServiceDeclaration } from '@berth/service-kit/declaration';
import { type Dashboard, dashboardOf, type Panel } from './dashboard';
import { databasePanels, peerPanels, quantiles, seriesOf } from './panels';

const { httpRequests, httpDuration, httpInFlight } = commonMetrics;

/** One service's dashboard: what every service has, its calls to peers, and a panel for each metric of its own. */
export function serviceDashboard(declaration: ServiceDeclaration): Dashboard {
  const { name, metrics } = declaration;
  const panels = [...commonPanels(declaration), ...peerPanels([declaration]), ...metrics.map((metric) => ownPanel(name, metric))];
  return dashboardOf(name, name, panels);
}

function commonPanels(declaration: ServiceDeclaration): Panel[] {
  const job = seriesOf([declaration.name]);
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
    ...databasePanels([declaration]),
    { title: 'CPU', description: 'CPU time used', unit: 'cores', queries: [[`sum by (pod) (rate(process_cpu_seconds_total{${job}}[5m]))`, '{{pod}}']] },
    { title: 'Memory', description: 'Resident memory', unit: 'bytes', queries: [[`sum by (pod) (process_resident_memory_bytes{${job}})`, '{{pod}}']] },
  ];
}

function ownPanel(service: string, { name, type, help, labels }: MetricDeclaration): Panel {
  const job = seriesOf([service]);
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

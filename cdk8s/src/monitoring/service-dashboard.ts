import { commonMetrics } from '@berth/service-kit/common-metrics';
import type { MetricDeclaration, ServiceDeclaration } from '@berth/service-kit/declaration';
import { type Dashboard, dashboardOf, type Panel } from './dashboard';
import { databasePanels, peerPanels, quantiles } from './panels';
import { seriesOf } from './series';

const { httpRequests, httpDuration, httpInFlight } = commonMetrics;

/** One service's dashboard: what every service has, its calls to peers, and a panel for each metric of its own. */
export function serviceDashboard(namespace: string, declaration: ServiceDeclaration): Dashboard {
  const { name, metrics } = declaration;
  const series = seriesOf(namespace, [name]);
  return dashboardOf(namespace, { name, title: name }, [
    ...commonPanels(series),
    ...databasePanels(namespace, [declaration]),
    ...processPanels(series),
    ...peerPanels(namespace, [declaration]),
    ...metrics.map((metric) => ownPanel(series, metric)),
  ]);
}

function commonPanels(series: string): Panel[] {
  return [
    {
      title: 'Requests',
      description: httpRequests.help,
      unit: 'reqps',
      queries: [[`sum by (route, method) (rate(${httpRequests.name}{${series}}[5m]))`, '{{method}} {{route}}']],
    },
    {
      title: 'Errors',
      description: 'Share of answers that are 5xx',
      unit: 'percentunit',
      queries: [
        [`sum by (route) (rate(${httpRequests.name}{${series},status=~"5.."}[5m])) / sum by (route) (rate(${httpRequests.name}{${series}}[5m]))`, '{{route}}'],
      ],
    },
    { title: 'Answer time', description: httpDuration.help, unit: 's', queries: quantiles(httpDuration.name, series) },
    {
      title: 'Requests in flight',
      description: httpInFlight.help,
      unit: 'short',
      queries: [[`sum by (pod) (${httpInFlight.name}{${series}})`, '{{pod}}']],
    },
  ];
}

function processPanels(series: string): Panel[] {
  return [
    { title: 'CPU', description: 'CPU time used', unit: 'cores', queries: [[`sum by (pod) (rate(process_cpu_seconds_total{${series}}[5m]))`, '{{pod}}']] },
    { title: 'Memory', description: 'Resident memory', unit: 'bytes', queries: [[`sum by (pod) (process_resident_memory_bytes{${series}})`, '{{pod}}']] },
  ];
}

/** Grafana's units by the last word of a metric's name, of its value and of its rate: https://prometheus.io/docs/practices/naming/#base-units */
const units: Readonly<Record<string, { readonly value: Panel['unit']; readonly rate: Panel['unit'] }>> = {
  seconds: { value: 's', rate: 'percentunit' },
  bytes: { value: 'bytes', rate: 'binBps' },
  ratio: { value: 'percentunit', rate: 'short' },
};

function ownPanel(series: string, { name, type, help, labels }: MetricDeclaration): Panel {
  const legend = labels.map((label) => `{{${label}}}`).join(' ') || name;
  const by = labels.length > 0 ? `sum by (${labels.join(', ')}) ` : 'sum ';
  const unit =
    units[
      name
        .replace(/_total$/, '')
        .split('_')
        .at(-1)!
    ];
  const value = unit?.value ?? 'short';
  switch (type) {
    case 'counter':
      return { title: name, description: help, unit: unit?.rate ?? 'ops', queries: [[`${by}(rate(${name}{${series}}[5m]))`, legend]] };
    case 'gauge':
      return { title: name, description: help, unit: value, queries: [[`${by}(${name}{${series}})`, legend]] };
    case 'histogram':
      return { title: name, description: help, unit: value, queries: quantiles(name, series) };
  }
}

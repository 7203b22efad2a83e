import { commonMetrics, peerMetrics } from '@berth/service-kit/common-metrics';
import type { MetricDeclaration, ServiceDeclaration } from '@berth/service-kit/declaration';
import { repeated } from '../repeated';

/** Every metric that a service declares: everybody's, those of callers, its own. */
export function metricsOf({ peers, metrics }: ServiceDeclaration): MetricDeclaration[] {
  return [...Object.values(commonMetrics), ...(peers.length > 0 ? Object.values(peerMetrics) : []), ...metrics];
}

const namePattern = /^[a-z][a-z0-9_]*$/;

/** The series of a metric: a histogram has three kinds. */
function seriesNames({ name, type }: MetricDeclaration): string[] {
  return type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
}

/** What prom-client measures by itself, and what Prometheus adds to every scrape: https://prometheus.io/docs/concepts/jobs_instances/ */
const takenNames = /^(process_|nodejs_|scrape_|up$)/;

/** Labels of Prometheus' own: a target's, as its operator sets them, a histogram's and a summary's; two underscores begin internal ones. */
const takenLabels = ['job', 'instance', 'namespace', 'pod', 'container', 'service', 'endpoint', 'le', 'quantile'];

/** https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels */
const labelPattern = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

/** What is wrong with a service's own metrics. */
export function metricFaults(declaration: ServiceDeclaration): string[] {
  const taken = new Set(repeated(metricsOf(declaration).flatMap(seriesNames)));
  return declaration.metrics.flatMap((metric) => {
    const { name, type, labels } = metric;
    if (seriesNames(metric).some((series) => taken.has(series)))
      return [`the metric ${name} is declared twice, by ${declaration.name} or by the kit for every service: give it another name`];
    if (takenNames.test(name)) return [`the metric ${name} is measured by Node.js' client or by Prometheus itself: give it another name`];
    if (!namePattern.test(name)) return [`the metric "${name}" can't be scraped: use lower-case letters, digits and underscores, beginning with a letter`];
    if ((type === 'counter') !== name.endsWith('_total')) return [`the metric ${name} is a ${type}: names of counters, and only those, end in _total`];
    return [
      ...labels
        .filter((label) => !labelPattern.test(label) || takenLabels.includes(label))
        .map(
          (label) => `the label "${label}" of the metric ${name} can't be scraped: use letters, digits and underscores, and none of ${takenLabels.join(', ')}`,
        ),
      ...repeated(labels).map((label) => `the metric ${name} has the label ${label} twice: leave one out`),
    ];
  });
}

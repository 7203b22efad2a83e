import { commonMetrics, peerMetrics } from '@berth/service-kit/common-metrics';
import type { MetricDeclaration, ServiceDeclaration } from '@berth/service-kit/declaration';
import { repeated } from '../repeated';

/** Every metric that a service declares: everybody's, those of callers, its own. */
export function metricsOf({ peers, metrics }: ServiceDeclaration): MetricDeclaration[] {
  return [...Object.values(commonMetrics), ...(peers.length > 0 ? Object.values(peerMetrics) : []), ...metrics];
}

const namePattern = /^[a-z][a-z0-9_]*$/;

/** What is wrong with a service's own metrics. */
export function metricFaults(declaration: ServiceDeclaration): string[] {
  const declaredTwice = repeated(metricsOf(declaration).map(({ name }) => name));
  return declaration.metrics.flatMap(({ name, type }) => {
    if (declaredTwice.includes(name))
      return [`the metric ${name} is declared twice, by ${declaration.name} or by the kit for every service: give it another name`];
    if (!namePattern.test(name)) return [`the metric "${name}" can't be scraped: use lower-case letters, digits and underscores, beginning with a letter`];
    if ((type === 'counter') !== name.endsWith('_total')) return [`the metric ${name} is a ${type}: names of counters, and only those, end in _total`];
    return [];
  });
}

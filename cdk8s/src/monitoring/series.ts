/**
 * A selector of PromQL, without its braces, for the series of some services of one environment. `job` is the Service's name and `namespace` where it
 * is scraped: one Prometheus reads several environments, in which services have the same names.
 */
export function seriesOf(namespace: string, services: readonly string[]): string {
  const jobs = services.length === 1 ? `job="${services[0]}"` : `job=~"${services.join('|')}"`;
  return `namespace="${namespace}",${jobs}`;
}

import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { commonMetrics } from './common-metrics';
import { LatencyHistogram } from './latency-histogram';

/** A service's metrics: one registry, no global state. */
export interface Metrics {
  readonly registry: Registry;
  readonly httpDuration: LatencyHistogram;
  readonly databaseDuration: LatencyHistogram;
  /** Requests that are being answered; the exchange counts it up and down. */
  readonly inFlight: { count: number };
}

/** What runs, for `build_info` and `/version`. */
export interface Build {
  readonly service: string;
  readonly version: string;
  readonly revision: string;
}

/** prom-client's own metrics whose names break Prometheus' rules (`promtool check metrics`); each has a well-named sibling that tells the same. */
const misnamedDefaults = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
  'nodejs_eventloop_utilization_histogram',
  'nodejs_eventloop_utilization_summary',
];

/** Makes the metrics that every service has. */
export function createMetrics(build: Build): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of misnamedDefaults) registry.removeSingleMetric(name);
  const { httpDuration, httpRequests, httpInFlight, databaseDuration, buildInfo } = commonMetrics;
  const http = new LatencyHistogram(registry, httpDuration.name, httpDuration.help, httpDuration.labels);
  http.registerCounter(registry, httpRequests.name, httpRequests.help);
  const inFlight = { count: 0 };
  gauge(registry, httpInFlight, (self) => self.set(inFlight.count));
  gauge(registry, buildInfo).set({ ...build, node: process.version }, 1);
  return {
    registry,
    httpDuration: http,
    databaseDuration: new LatencyHistogram(registry, databaseDuration.name, databaseDuration.help, databaseDuration.labels),
    inFlight,
  };
}

/**
 * Registers a gauge as it is declared.
 *
 * @param collect - sets the gauge at each scrape
 */
export function gauge(
  registry: Registry,
  { name, help, labels }: { readonly name: string; readonly help: string; readonly labels: readonly string[] },
  collect?: (self: Gauge<string>) => void,
): Gauge<string> {
  return new Gauge<string>({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    ...(collect && {
      collect(this: Gauge<string>) {
        collect(this);
      },
    }),
  });
}

import type { Metric, MetricObjectWithValues, MetricValueWithName, Registry } from 'prom-client';

/** Upper bounds in seconds: 1 ms to 10 s, about two a decade more than Prometheus' defaults below 10 ms. */
export const latencyBucketsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** One combination of label values. Hold on to it: `observe` costs no lookup. */
export interface LatencySeries {
  /** @param seconds - a finite duration */
  observe(seconds: number): void;
}

/**
 * A histogram for hot paths. prom-client hashes the labels at each observation; here a caller keeps the
 * series it needs, and prom-client's registry renders it like any other metric.
 */
export class LatencyHistogram {
  private readonly series = new Map<string, Series>();

  constructor(
    registry: Registry,
    readonly name: string,
    readonly help: string,
    private readonly labelNames: readonly string[],
  ) {
    register(registry, { name, help, type: 'histogram', values: () => this.bucketValues() });
  }

  /** The series of these label values, in the order of the label names; made at first use. */
  labels(...values: readonly string[]): LatencySeries {
    const key = values.join('\0');
    let series = this.series.get(key);
    if (!series) {
      series = new Series(Object.fromEntries(this.labelNames.map((name, i) => [name, values[i] ?? ''])));
      this.series.set(key, series);
    }
    return series;
  }

  /** Registers a counter that tells how many observations each series has, without counting twice. */
  registerCounter(registry: Registry, name: string, help: string): void {
    const values = () => [...this.series.values()].map(({ labels, count }) => ({ metricName: name, labels, value: count }));
    register(registry, { name, help, type: 'counter', values });
  }

  private bucketValues(): Value[] {
    return [...this.series.values()].flatMap((series) => series.values(this.name));
  }
}

type Value = MetricValueWithName<string>;

class Series implements LatencySeries {
  readonly counts = new Float64Array(latencyBucketsSeconds.length);
  sum = 0;
  count = 0;

  constructor(readonly labels: Record<string, string>) {}

  observe(seconds: number): void {
    this.sum += seconds;
    this.count++;
    for (let i = 0; i < latencyBucketsSeconds.length; i++) {
      if (seconds <= latencyBucketsSeconds[i]!) {
        this.counts[i]!++;
        return;
      }
    }
  }

  values(name: string): Value[] {
    let cumulative = 0;
    const buckets = latencyBucketsSeconds.map((bound, i) => {
      cumulative += this.counts[i]!;
      return this.value(`${name}_bucket`, cumulative, String(bound));
    });
    return [...buckets, this.value(`${name}_bucket`, this.count, '+Inf'), this.value(`${name}_sum`, this.sum), this.value(`${name}_count`, this.count)];
  }

  private value(metricName: string, value: number, le?: string): Value {
    return { metricName, value, labels: le === undefined ? this.labels : { le, ...this.labels } };
  }
}

interface View {
  readonly name: string;
  readonly help: string;
  readonly type: 'histogram' | 'counter';
  values(): Value[];
}

/** prom-client reads a metric through `get` alone, so that a view of our own counts needs no more. */
function register(registry: Registry, { name, help, type, values }: View): void {
  const get = (): Promise<MetricObjectWithValues<Value>> =>
    Promise.resolve({ name, help, type, aggregator: 'sum', values: values() } as unknown as MetricObjectWithValues<Value>);
  registry.registerMetric({ name, help, type, aggregator: 'sum', get, reset: () => undefined } as unknown as Metric);
}

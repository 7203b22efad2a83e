import { Registry } from 'prom-client';
import { latencyBucketsSeconds, LatencyHistogram } from './latency-histogram';

function histogram() {
  const registry = new Registry();
  const latency = new LatencyHistogram(registry, 'wait_seconds', 'Time waited', ['route', 'status']);
  latency.registerCounter(registry, 'waits_total', 'Waits');
  const value = async (line: string) => {
    const found = (await registry.metrics()).split('\n').find((one) => one.startsWith(`${line} `));
    return found === undefined ? undefined : Number(found.split(' ').at(-1));
  };
  return { registry, latency, value };
}

describe('the histogram of latencies', () => {
  it('counts an observation in its bucket and all above, a bound included', async () => {
    const { latency, value } = histogram();
    for (const seconds of [0, 0.001, 0.0011, 0.3, 10, 10.1, 99]) latency.labels('/users', '200').observe(seconds);
    const expected: Record<string, number> = { '0.001': 2, '0.0025': 3, '0.25': 3, '0.5': 4, '5': 4, '10': 5, '+Inf': 7 };
    for (const [le, count] of Object.entries(expected))
      expect([le, await value(`wait_seconds_bucket{le="${le}",route="/users",status="200"}`)]).toEqual([le, count]);
    expect(await value('wait_seconds_count{route="/users",status="200"}')).toBe(7);
    expect(await value('wait_seconds_sum{route="/users",status="200"}')).toBeCloseTo(119.4021, 6);
    expect(await value('waits_total{route="/users",status="200"}')).toBe(7);
  });

  it('gives cumulative buckets that never fall and end at the count', async () => {
    const { registry, latency } = histogram();
    for (let i = 0; i < 1_000; i++) latency.labels('/users', '200').observe(Math.random() * 12);
    const buckets = (await registry.metrics()).split('\n').filter((line) => line.startsWith('wait_seconds_bucket'));
    const counts = buckets.map((line) => Number(line.split(' ').at(-1)));
    expect(counts.length).toBe(latencyBucketsSeconds.length + 1);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(counts.at(-1)).toBe(1_000);
  });

  it('keeps series apart by their labels, and one series for equal ones', async () => {
    const { latency, value } = histogram();
    expect(latency.labels('a', 'b')).toBe(latency.labels('a', 'b'));
    latency.labels('a', 'b').observe(1);
    latency.labels('ab', '').observe(1);
    latency.labels('a', 'b').observe(1);
    expect([await value('waits_total{route="a",status="b"}'), await value('waits_total{route="ab",status=""}')]).toEqual([2, 1]);
  });

  it('is rendered with its help and type before anything was observed', async () => {
    const text = await histogram().registry.metrics();
    for (const line of ['# HELP wait_seconds Time waited', '# TYPE wait_seconds histogram', '# TYPE waits_total counter']) expect(text).toContain(line);
  });

  it('escapes label values', async () => {
    const { registry, latency } = histogram();
    latency.labels('a"b\\c\nd', '200').observe(1);
    expect(await registry.metrics()).toContain('route="a\\"b\\\\c\\nd"');
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toYaml } from '../src/output/yaml';
import { objectsOf } from './synthesized';
import { has, run } from './tools';

const service = 'order-service';

/** Half an hour of series, a sample a minute: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series */
type Series = Readonly<Record<string, string>>;

const requests = (failed: number, all: number): Series => ({
  'http_requests_total{status="500"}': `0+${failed}x30`,
  'http_requests_total{status="200"}': `0+${all - failed}x30`,
});
const calls = (failed: number, all: number): Series => ({
  'external_requests_total{peer="user-service",outcome="unavailable"}': `0+${failed}x30`,
  'external_requests_total{peer="user-service",outcome="not_found"}': `0+${all - failed}x30`,
});
const answered = (withinASecond: number, all: number): Series => ({
  'http_request_duration_seconds_bucket{le="1"}': `0+${withinASecond}x30`,
  'http_request_duration_seconds_bucket{le="2.5"}': `0+${all}x30`,
  'http_request_duration_seconds_bucket{le="+Inf"}': `0+${all}x30`,
});

/** What each alert is told about, and what it must let pass. */
const alerts: Readonly<Record<string, readonly [fires: Series, silent: Series]>> = {
  ServiceDown: [{ up: '0x30' }, { up: '1x30' }],
  HighErrorRate: [requests(10, 100), requests(2, 100)],
  SlowRequests: [answered(90, 100), answered(100, 100)],
  DatabaseBusy: [
    { 'db_pool_connections{state="waiting"}': '3x30' },
    { 'db_pool_connections{state="waiting"}': '3x4 0x25', 'db_pool_connections{state="active"}': '10x30' },
  ],
  RestartsOften: [{ process_start_time_seconds: '1x20 2 3 4 4 4 4 4 4 4 4' }, { process_start_time_seconds: '1x20 2x10' }],
  EventLoopBlocked: [{ nodejs_eventloop_lag_p99_seconds: '0.5x30' }, { nodejs_eventloop_lag_p99_seconds: '0.02x30' }],
  PeerFailing: [calls(30, 100), calls(5, 100)],
  CircuitOpen: [{ 'circuit_breaker_state{peer="user-service"}': '2x30' }, { 'circuit_breaker_state{peer="user-service"}': '2 0 1 0x27' }],
};

const rule = objectsOf('production').find(({ kind, metadata }) => kind === 'PrometheusRule' && metadata.name === service)!;
const { groups } = rule.spec as { groups: { rules: { alert: string }[] }[] };

it('every alert is tried', () => {
  expect(groups.flatMap(({ rules }) => rules.map(({ alert }) => alert)).sort()).toEqual(Object.keys(alerts).sort());
});

(has('promtool') ? it : it.skip)('each alert fires once and stays silent once (skipped without promtool)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-alerts-'));
  writeFileSync(join(folder, 'rules.yaml'), toYaml({ groups }));
  const tests = Object.entries(alerts).flatMap(([alert, [fires, silent]]) => [unitTest(alert, fires, true), unitTest(alert, silent, false)]);
  writeFileSync(join(folder, 'tests.yaml'), toYaml({ rule_files: ['rules.yaml'], evaluation_interval: '1m', tests }));
  try {
    expect(run('promtool', ['test', 'rules', join(folder, 'tests.yaml')])).toContain('SUCCESS');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function unitTest(alert: string, series: Series, firing: boolean) {
  return {
    name: `${alert} ${firing ? 'fires' : 'stays silent'}`,
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: withJob(name), values })),
    promql_expr_test: [
      { expr: `count(ALERTS{alertname="${alert}",alertstate="firing"})`, eval_time: '25m', exp_samples: firing ? [{ labels: '{}', value: 1 }] : [] },
    ],
  };
}

function withJob(series: string): string {
  const [, name, labels] = /^(\w+)(?:\{(.*)\})?$/.exec(series)!;
  return `${name}{job="${service}",pod="a"${labels ? `,${labels}` : ''}}`;
}

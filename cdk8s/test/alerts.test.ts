import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toYaml } from '../src/output/yaml';
import { environment, objectsOf } from './synthesized';
import { has, run } from './tools';

const service = 'order-service';

/** Two environments that one Prometheus reads; in each is a service of that name. */
const production = environment('production');
const environments = [production, { ...production, name: 'rehearsal' }];
const namespaces = environments.map(({ name }) => `berth-${name}`);

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

const groups = environments.map((each) => {
  const rule = objectsOf(each).find(({ kind, metadata }) => kind === 'PrometheusRule' && metadata.name === service)!;
  return (rule.spec as { groups: { rules: { alert: string; labels: Record<string, string> }[] }[] }).groups;
});

it('every alert is tried', () => {
  for (const each of groups) expect(each.flatMap(({ rules }) => rules.map(({ alert }) => alert)).sort()).toEqual(Object.keys(alerts).sort());
});

it('every alert says whose it is, or two environments’ would be one to Alertmanager', () => {
  for (const [index, namespace] of namespaces.entries())
    for (const { labels } of groups[index]!.flatMap(({ rules }) => rules)) expect(labels).toMatchObject({ service, namespace });
});

(has('promtool') ? it : it.skip)(
  'each alert fires for the environment that is in trouble, and stays silent for the one that isn’t (skipped without promtool)',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'berth-alerts-'));
    const rule_files = namespaces.map((namespace) => `${namespace}.yaml`);
    for (const [index, file] of rule_files.entries()) writeFileSync(join(folder, file), toYaml({ groups: groups[index] }));
    const tests = namespaces.flatMap((inTrouble) => Object.keys(alerts).map((alert) => unitTest(alert, inTrouble)));
    writeFileSync(join(folder, 'tests.yaml'), toYaml({ rule_files, evaluation_interval: '1m', tests }));
    try {
      expect(run('promtool', ['test', 'rules', join(folder, 'tests.yaml')])).toContain('SUCCESS');
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

function unitTest(alert: string, inTrouble: string) {
  const [fires, silent] = alerts[alert]!;
  return {
    name: `${alert} fires for ${inTrouble} alone`,
    interval: '1m',
    input_series: namespaces.flatMap((namespace) =>
      Object.entries(namespace === inTrouble ? fires : silent).map(([name, values]) => ({ series: seriesIn(namespace, name), values })),
    ),
    promql_expr_test: [
      {
        expr: `count by (namespace) (ALERTS{alertname="${alert}",alertstate="firing"})`,
        eval_time: '25m',
        exp_samples: [{ labels: `{namespace="${inTrouble}"}`, value: 1 }],
      },
    ],
  };
}

function seriesIn(namespace: string, series: string): string {
  const [, name, labels] = /^(\w+)(?:\{(.*)\})?$/.exec(series)!;
  return `${name}{namespace="${namespace}",job="${service}",pod="a"${labels ? `,${labels}` : ''}}`;
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commonMetrics, peerMetrics } from '@berth/service-kit/common-metrics';
import { toYaml } from '../src/output/yaml';
import { boatService, type Manifest, objectsOf, services } from './synthesized';
import { has, run } from './tools';

const objects = objectsOf('production', [...services, boatService]);
const rules = objects.filter(({ kind }) => kind === 'PrometheusRule').map(({ spec }) => spec as { groups: { rules: { expr: string }[] }[] });
const dashboards = objects
  .filter(({ metadata }) => metadata.name.startsWith('dashboard-'))
  .map(({ data }) => JSON.parse(Object.values(data!)[0]!) as Dashboard);

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
}

const expressions = [
  ...rules.flatMap(({ groups }) => groups.flatMap((group) => group.rules.map(({ expr }) => expr))),
  ...dashboards.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))),
];

it('each service has its alerts, its monitor and its dashboard, and there is one of all', () => {
  const names = (wanted: string) => objects.filter(({ kind }: Manifest) => kind === wanted).map(({ metadata }) => metadata.name);
  expect(names('PrometheusRule')).toEqual(['boat-service', 'order-service', 'user-service']);
  expect(names('ServiceMonitor')).toEqual(['boat-service', 'order-service', 'user-service']);
  expect(dashboards.map(({ uid }) => uid).sort()).toEqual(['berth-boat-service', 'berth-order-service', 'berth-overview', 'berth-user-service']);
});

it('a metric of a service’s own has its panel', () => {
  const titles = dashboards.find(({ uid }) => uid === 'berth-boat-service')!.panels.map(({ title }) => title);
  expect(titles).toContain('boats_launched_total');
});

it('no alert and no panel is about a metric that nobody declares', () => {
  const declared = [...Object.values(commonMetrics), ...Object.values(peerMetrics), ...boatService.metrics].map(({ name }) => name);
  const others = ['up', 'process_start_time_seconds', 'process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_eventloop_lag_p99_seconds'];
  const used = new Set(expressions.flatMap((expr) => [...expr.matchAll(/([a-z0-9_]+)\{/g)].map(([, name]) => name!.replace(/_bucket$/, ''))));
  expect([...used].filter((name) => !declared.includes(name) && !others.includes(name))).toEqual([]);
  expect(used.size).toBeGreaterThan(10);
});

(has('promtool') ? it : it.skip)('promtool accepts every rule and every panel’s query (skipped without promtool)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-rules-'));
  const panels = { name: 'panels', rules: expressions.map((expr, index) => ({ record: `panel:${index}`, expr })) };
  writeFileSync(join(folder, 'rules.yaml'), toYaml({ groups: [...rules.flatMap(({ groups }) => groups), panels] }));
  try {
    expect(run('promtool', ['check', 'rules', join(folder, 'rules.yaml')])).toContain('SUCCESS');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

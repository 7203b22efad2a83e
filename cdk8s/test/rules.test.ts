import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { commonMetrics, peerMetrics } from '@berth/service-kit/common-metrics';
import { kitPaths } from '../src/constructs/service-ingress';
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

it('each service has its alerts, its monitor and its dashboard, and there are those of all together', () => {
  const names = (wanted: string) => objects.filter(({ kind }: Manifest) => kind === wanted).map(({ metadata }) => metadata.name);
  expect(names('PrometheusRule')).toEqual(['boat-service', 'order-service', 'user-service']);
  expect(names('ServiceMonitor')).toEqual(['boat-service', 'order-service', 'user-service']);
  expect(dashboards.map(({ uid }) => uid).sort()).toEqual([
    'berth-boat-service',
    'berth-dependencies',
    'berth-order-flow',
    'berth-order-service',
    'berth-overview',
    'berth-user-service',
  ]);
});

it('what every service answers by itself is on no Ingress', () => {
  const paths = JSON.parse(readFileSync(resolve(__dirname, '../../services/user-service/openapi.json'), 'utf8')) as {
    paths: Record<string, Record<string, { tags: string[] }>>;
  };
  const own = Object.entries(paths.paths).filter(([, operations]) => Object.values(operations).some(({ tags }) => tags.includes('service')));
  expect([...new Set(own.map(([path]) => `/${path.split('/')[1]}`))].sort()).toEqual(kitPaths.toSorted());
});

it('each step of a flow is an operation that its service publishes', () => {
  const published = (service: string) =>
    JSON.parse(readFileSync(resolve(__dirname, '../../services', service, 'openapi.json'), 'utf8')) as { paths: Record<string, Record<string, unknown>> };
  const steps = services.flatMap(({ flows }) => flows).flatMap((flow) => flow.steps);
  expect(steps.filter(({ service, method, route }) => published(service).paths[route]?.[method.toLowerCase()] === undefined)).toEqual([]);
  expect(steps.length).toBeGreaterThan(1);
});

it('what the services depend on is one page: calls by caller and peer, databases by service', () => {
  const { panels } = dashboards.find(({ uid }) => uid === 'berth-dependencies')!;
  const exprOf = (title: string) => panels.find((panel) => panel.title === title)!.targets[0]!.expr;
  expect(exprOf('Calls to peers')).toBe('sum by (job, peer, outcome) (rate(external_requests_total{job=~"boat-service|order-service"}[5m]))');
  expect(exprOf('Database connections')).toContain('{job=~"boat-service|order-service|user-service"}');
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

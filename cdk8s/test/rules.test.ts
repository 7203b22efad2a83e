import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { commonMetrics, peerMetrics } from '@berth/service-kit/common-metrics';
import { kitPaths } from '../src/constructs/service-ingress';
import { toYaml } from '../src/output/yaml';
import { boatService, environment, type Manifest, objectsOf, services } from './synthesized';
import { has, run } from './tools';

const production = environment('production');
const objects = objectsOf(production, [...services, boatService]);
const rules = objects.filter(({ kind }) => kind === 'PrometheusRule').map(({ spec }) => spec as { groups: { rules: { expr: string }[] }[] });
const dashboards = dashboardsIn(objects).map(({ dashboard }) => dashboard);

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
    readonly fieldConfig: { readonly defaults: { readonly unit: string } };
  }[];
}

/** The dashboards among objects, each with the name of its file. */
function dashboardsIn(manifests: readonly Manifest[]): { readonly file: string; readonly dashboard: Dashboard }[] {
  return manifests
    .filter(({ metadata }) => metadata.name.startsWith('dashboard-'))
    .flatMap(({ data }) => Object.entries(data!).map(([file, text]) => ({ file, dashboard: JSON.parse(text) as Dashboard })));
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
    'berth-production_boat-service',
    'berth-production_dependencies',
    'berth-production_order-flow',
    'berth-production_order-service',
    'berth-production_overview',
    'berth-production_user-service',
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
  const { panels } = dashboards.find(({ uid }) => uid === 'berth-production_dependencies')!;
  const exprOf = (title: string) => panels.find((panel) => panel.title === title)!.targets[0]!.expr;
  expect(exprOf('Calls to peers')).toBe(
    'sum by (job, peer, outcome) (rate(external_requests_total{namespace="berth-production",job=~"boat-service|order-service"}[5m]))',
  );
  expect(exprOf('Database connections')).toContain('{namespace="berth-production",job=~"boat-service|order-service|user-service"}');
});

it('a metric of a service’s own has its panel', () => {
  const titles = dashboards.find(({ uid }) => uid === 'berth-production_boat-service')!.panels.map(({ title }) => title);
  expect(titles).toContain('boats_launched_total');
});

it.each([
  ['boat_crossing_seconds', 'histogram', 's'],
  ['boat_load_bytes', 'histogram', 'bytes'],
  ['boat_masts', 'histogram', 'short'],
  ['boat_load_bytes', 'gauge', 'bytes'],
  ['boat_idle_ratio', 'gauge', 'percentunit'],
  ['boats', 'gauge', 'short'],
  ['boat_load_bytes_total', 'counter', 'binBps'],
  ['boat_busy_seconds_total', 'counter', 'percentunit'],
  ['boats_total', 'counter', 'ops'],
] as const)('the panel of %s, a %s, is in the unit of its name', (name, type, unit) => {
  const boat = { ...boatService, metrics: [{ name, type, help: 'Boats', labels: [] }] };
  const { dashboard } = dashboardsIn(objectsOf(production, [...services, boat])).find(({ file }) => file.endsWith('_boat-service.json'))!;
  expect(dashboard.panels.find(({ title }) => title === name)!.fieldConfig.defaults.unit).toBe(unit);
});

it('every alert and every panel asks about its own namespace alone', () => {
  const selectors = expressions.flatMap((expr) => [...expr.matchAll(/\{([^}]*)\}/g)].map(([, selector]) => selector!));
  expect(selectors.filter((selector) => !selector.startsWith('namespace="berth-production",job'))).toEqual([]);
  expect(selectors.length).toBeGreaterThan(expressions.length);
});

it('two environments share no dashboard: neither its uid, nor its title, nor its file', () => {
  const other = dashboardsIn(objectsOf({ ...production, name: 'rehearsal' }, [...services, boatService]));
  const both = [...dashboardsIn(objects), ...other];
  for (const tellsApart of [both.map(({ dashboard }) => dashboard.uid), both.map(({ dashboard }) => dashboard.title), both.map(({ file }) => file)])
    expect(new Set(tellsApart).size).toBe(2 * dashboards.length);
});

it('a uid has at most the 40 characters that Grafana takes, and is one dashboard’s all the same', () => {
  const long = 'a'.repeat(50);
  const uids = dashboardsIn(objectsOf({ ...production, name: long }, [...services, boatService])).map(({ dashboard }) => dashboard.uid);
  expect(new Set(uids).size).toBe(dashboards.length);
  for (const uid of uids) expect(uid).toMatch(/^berth-a{23}-[0-9a-f]{10}$/);
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

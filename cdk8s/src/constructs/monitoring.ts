import type { ServiceDeclaration } from '@berth/service-kit/declaration';
import type { MonitoringSettings } from '../environment';
import { ApiObject, Chart, type Construct, k8s } from '../kubernetes';
import { alertsOf } from '../monitoring/alerts';
import type { Dashboard } from '../monitoring/dashboard';
import { dependenciesDashboard } from '../monitoring/dependencies-dashboard';
import { flowDashboard, flowDashboardName } from '../monitoring/flow-dashboard';
import { overviewDashboard } from '../monitoring/overview-dashboard';
import { serviceDashboard } from '../monitoring/service-dashboard';
import { refuse } from '../refusal';
import { metricFaults } from '../monitoring/service-metrics';
import { labelsOf, selectorOf } from './labels';
import { portName } from './service-deployment';

type Operators = NonNullable<MonitoringSettings['operators']>;

/** How Prometheus' operator finds a service, what it alerts on, the service's dashboard, and those of the flows that begin with it. */
export function monitorService(
  scope: Construct,
  declaration: ServiceDeclaration,
  peers: readonly ServiceDeclaration[],
  { labels, dashboardLabels, runbooks }: Operators,
): void {
  const { name } = declaration;
  const namespace = namespaceOf(scope);
  const metadata = { name, labels: { ...labelsOf(name, 'server'), ...labels } };
  const monitor = new ApiObject(scope, 'service-monitor', {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata,
    spec: { selector: { matchLabels: selectorOf(name, 'server') }, endpoints: [{ port: portName, path: '/metrics', interval: '15s' }] },
  });
  new ApiObject(scope, 'alerts', {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata,
    spec: { groups: [{ name, rules: alertsOf(declaration, namespace, runbooks) }] },
  });
  dashboardConfigMap(scope, 'dashboard', name, serviceDashboard(namespace, declaration), dashboardLabels);
  // by name, because two constructs can't have one, and a name that is declared twice is refused
  for (const [dashboard, flow] of new Map(declaration.flows.map((each) => [flowDashboardName(each), each])))
    dashboardConfigMap(scope, dashboard, dashboard, flowDashboard(namespace, flow, [declaration, ...peers]), dashboardLabels);
  refuse(monitor, () => metricFaults(declaration));
}

/** The dashboards about all services: an overview, and what they depend on. */
export function monitorTogether(scope: Construct, declarations: readonly ServiceDeclaration[], { dashboardLabels }: Operators): void {
  const namespace = namespaceOf(scope);
  const names = declarations.map(({ name }) => name);
  dashboardConfigMap(scope, 'overview', 'overview', overviewDashboard(namespace, names), dashboardLabels);
  dashboardConfigMap(scope, 'dependencies', 'dependencies', dependenciesDashboard(namespace, declarations), dashboardLabels);
}

/** The namespace that the chart puts its objects into, by which the operator labels what it scrapes. */
function namespaceOf(scope: Construct): string {
  return Chart.of(scope).namespace!;
}

/** A dashboard that Grafana's sidecar picks up by its label. It puts those of all namespaces into one folder, so the file is called by the uid. */
function dashboardConfigMap(scope: Construct, id: string, name: string, dashboard: Dashboard, labels: Readonly<Record<string, string>>): void {
  new k8s.KubeConfigMap(scope, id, {
    metadata: { name: `dashboard-${name}`, labels: { 'app.kubernetes.io/part-of': 'berth', ...labels } },
    data: { [`${dashboard.uid}.json`]: `${JSON.stringify(dashboard, null, 2)}\n` },
  });
}

import type { ServiceDeclaration } from '@berth/service-kit/declaration';
import type { MonitoringSettings } from '../environment';
import { ApiObject, type Construct, k8s } from '../kubernetes';
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
    spec: { groups: [{ name, rules: alertsOf(declaration, runbooks) }] },
  });
  dashboardConfigMap(scope, 'dashboard', name, serviceDashboard(declaration), dashboardLabels);
  // by name, because two constructs can't have one, and a name that is declared twice is refused
  for (const [dashboard, flow] of new Map(declaration.flows.map((each) => [flowDashboardName(each), each])))
    dashboardConfigMap(scope, dashboard, dashboard, flowDashboard(flow, [declaration, ...peers]), dashboardLabels);
  refuse(monitor, () => metricFaults(declaration));
}

/** The dashboards about all services: an overview, and what they depend on. */
export function monitorTogether(scope: Construct, declarations: readonly ServiceDeclaration[], { dashboardLabels }: Operators): void {
  dashboardConfigMap(scope, 'overview', 'overview', overviewDashboard(declarations.map(({ name }) => name)), dashboardLabels);
  dashboardConfigMap(scope, 'dependencies', 'dependencies', dependenciesDashboard(declarations), dashboardLabels);
}

/** A dashboard that Grafana's sidecar picks up by its label. */
function dashboardConfigMap(scope: Construct, id: string, name: string, dashboard: Dashboard, labels: Readonly<Record<string, string>>): void {
  new k8s.KubeConfigMap(scope, id, {
    metadata: { name: `dashboard-${name}`, labels: { 'app.kubernetes.io/part-of': 'berth', ...labels } },
    data: { [`${name}.json`]: `${JSON.stringify(dashboard, null, 2)}\n` },
  });
}
